import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'
import { words } from '@chappe/kit'

export const organisationsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/organisations',
  validateSearch: words('text', 'dialog', 'sort'),
  component: lazyRouteComponent(() => import('./list'), 'Organisations'),
})
export const organisationRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/organisations/$name',
  validateSearch: words('tab', 'dialog', 'sort'),
  component: lazyRouteComponent(() => import('./organisation'), 'OrganisationPage'),
})
export const organisationRoutes = [organisationsRoute, organisationRoute] as const
