import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'
import { words } from '@chappe/kit'

const getParentRoute = () => shellRoute

export const storageRoute = createRoute({
  getParentRoute,
  path: '/storage',
  validateSearch: words('dialog', 'sort'),
  component: lazyRouteComponent(() => import('./storage'), 'Storage'),
})
export const storeRoute = createRoute({
  getParentRoute,
  path: '/storage/$group/$store',
  validateSearch: words('dialog', 'sort'),
  component: lazyRouteComponent(() => import('./store'), 'StorePage'),
})
export const movesRoute = createRoute({
  getParentRoute,
  path: '/storage/moves',
  validateSearch: words('dialog', 'all', 'sort'),
  component: lazyRouteComponent(() => import('./moves'), 'Moves'),
})
export const deletedRoute = createRoute({
  getParentRoute,
  path: '/deleted-mailboxes',
  validateSearch: words('organisation', 'reconnect', 'purge', 'sort'),
  component: lazyRouteComponent(() => import('./deleted'), 'Deleted'),
})
export const storageRoutes = [storageRoute, storeRoute, movesRoute, deletedRoute] as const
