import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'

export const certificatesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/certificates',
  component: lazyRouteComponent(() => import('./certificates'), 'Certificates'),
})
export const certificateRoutes = [certificatesRoute] as const
