import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'
import { words } from '@chappe/kit'

export const domainsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/domains',
  validateSearch: words('organisation', 'text', 'dialog', 'sort'),
  component: lazyRouteComponent(() => import('./list'), 'Domains'),
})
export const domainRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/domains/$domain',
  validateSearch: words('tab', 'sort'),
  component: lazyRouteComponent(() => import('./domain'), 'DomainPage'),
})
export const domainRoutes = [domainsRoute, domainRoute] as const
