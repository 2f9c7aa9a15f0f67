import { createRootRoute, createRoute } from '@tanstack/react-router'
import { NotFound } from './not-found'
import { Shell } from './shell'

/** Pages hang below this one: `createRoute({ getParentRoute: () => shellRoute, ... })`, listed in routes.ts. */
export const rootRoute = createRootRoute({ notFoundComponent: NotFound })
export const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'shell',
  component: Shell,
})
