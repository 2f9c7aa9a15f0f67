import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'
import { words } from '@chappe/kit'

export const firstStepsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/first-steps',
  validateSearch: words('step', 'organisation', 'domain'),
  component: lazyRouteComponent(() => import('./first-steps'), 'FirstSteps'),
})
export const firstStepsRoutes = [firstStepsRoute] as const
