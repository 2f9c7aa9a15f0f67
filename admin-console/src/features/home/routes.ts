import { words } from '@chappe/kit'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'

export const homeRoute = createRoute({ getParentRoute: () => shellRoute, path: '/', validateSearch: words('hours'), component: lazyRouteComponent(() => import('./home'), 'Home') })
export const homeRoutes = [homeRoute] as const
