import { words } from '@chappe/kit'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'

export const jobsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/jobs',
  validateSearch: words('state', 'sort'),
  component: lazyRouteComponent(() => import('./jobs'), 'Jobs'),
})
export const jobRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/jobs/$id',
  validateSearch: words('all', 'sort'),
  component: lazyRouteComponent(() => import('./job'), 'JobPage'),
})
export const jobRoutes = [jobsRoute, jobRoute] as const
