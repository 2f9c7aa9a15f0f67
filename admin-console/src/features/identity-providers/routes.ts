import { words } from '@chappe/kit'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'

export const identityProvidersRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/identity-providers',
  validateSearch: words('organisation', 'dialog', 'name', 'sort'),
  component: lazyRouteComponent(() => import('./identity-providers'), 'IdentityProviders'),
})
export const identityProviderRoutes = [identityProvidersRoute] as const
