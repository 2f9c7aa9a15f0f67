import { words } from '@chappe/kit'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'

export const filtersRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/filters',
  validateSearch: words('organisation', 'domain', 'name', 'sort'),
  component: lazyRouteComponent(() => import('./settings'), 'Filters'),
})
export const rulesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/filters/rules',
  validateSearch: words('organisation', 'dialog', 'name', 'sort'),
  component: lazyRouteComponent(() => import('./rules'), 'Rules'),
})
export const quarantineRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/quarantine',
  validateSearch: words('organisation', 'id', 'dialog', 'sort'),
  component: lazyRouteComponent(() => import('./quarantine'), 'Quarantine'),
})
export const moderationRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/moderation',
  validateSearch: words('organisation', 'id', 'sort'),
  component: lazyRouteComponent(() => import('./moderation'), 'Moderation'),
})
export const filterRoutes = [filtersRoute, rulesRoute, quarantineRoute, moderationRoute] as const
