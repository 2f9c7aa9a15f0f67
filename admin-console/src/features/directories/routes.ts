import { words } from '@chappe/kit'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'

export const directoriesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/directories',
  validateSearch: words('organisation', 'sort'),
  component: lazyRouteComponent(() => import('./list'), 'Directories'),
})
export const directoryAddRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/directories/add',
  validateSearch: words('organisation', 'step', 'sort'),
  component: lazyRouteComponent(() => import('./wizard'), 'DirectoryWizard'),
})
export const directoryRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/directories/source',
  validateSearch: words('organisation', 'source', 'tab', 'dialog', 'run', 'sort'),
  component: lazyRouteComponent(() => import('./source'), 'DirectoryPage'),
})
export const directoryRoutes = [directoriesRoute, directoryAddRoute, directoryRoute] as const
