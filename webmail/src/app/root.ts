import { createRootRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { NotFound } from './not-found'

/** Pages hang below this one: `createRoute({ getParentRoute: () => shellRoute, ... })`, listed in routes.ts. */
export const rootRoute = createRootRoute({ notFoundComponent: NotFound })
export const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'shell',
  component: lazyRouteComponent(() => import('./shell'), 'Shell'),
})
