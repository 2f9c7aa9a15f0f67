import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { accountLinks } from '../../app/plugs'
import { shellRoute } from '../../app/root'
import { HelpLink } from './link'

accountLinks.push(HelpLink)

const page = lazyRouteComponent(() => import('./page'), 'HelpPage')
export const helpRoutes = [
  createRoute({ getParentRoute: () => shellRoute, path: '/help', component: page }),
  createRoute({ getParentRoute: () => shellRoute, path: '/help/$topic', component: page }),
]
