import { words } from '@chappe/kit'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'

export const addressListsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/address-lists',
  validateSearch: words('organisation', 'dialog', 'name', 'sort'),
  component: lazyRouteComponent(() => import('./address-lists'), 'AddressLists'),
})
export const policiesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/policies',
  validateSearch: words('organisation', 'dialog', 'name', 'sort'),
  component: lazyRouteComponent(() => import('./policies'), 'Policies'),
})
export const policyRoutes = [addressListsRoute, policiesRoute] as const
