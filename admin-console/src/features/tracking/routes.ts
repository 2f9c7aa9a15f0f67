import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'
import { words } from '@chappe/kit'

export const trackingRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/tracking',
  validateSearch: words('sender', 'recipient', 'message_id', 'client', 'login', 'since', 'until', 'organisation', 'dialog', 'sort'),
  component: lazyRouteComponent(() => import('./list'), 'Tracking'),
})
export const rehearsalRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/tracking/rehearsal',
  validateSearch: words('from', 'to', 'client', 'sort'),
  component: lazyRouteComponent(() => import('./rehearsal'), 'Rehearsal'),
})
export const trackedRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/tracking/$id',
  component: lazyRouteComponent(() => import('./message'), 'TrackedMessage'),
})
export const trackingRoutes = [trackingRoute, rehearsalRoute, trackedRoute] as const
