import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'
import { words } from '@chappe/kit'

export const queueRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/queue',
  validateSearch: words('sender', 'recipient', 'domain', 'state', 'older', 'login', 'organisation', 'dialog', 'sort'),
  component: lazyRouteComponent(() => import('./list'), 'Queue'),
})
export const queuedRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/queue/$id',
  validateSearch: words('dialog', 'entry', 'sort'),
  component: lazyRouteComponent(() => import('./message'), 'QueuedMessage'),
})
export const queueRoutes = [queueRoute, queuedRoute] as const
