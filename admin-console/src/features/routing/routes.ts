import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'
import { words } from '@chappe/kit'

export const routingRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/routing',
  validateSearch: words('recipient', 'sender', 'size', 'dialog', 'sort'),
  component: lazyRouteComponent(() => import('./routing'), 'Routing'),
})
export const connectorsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/routing/connectors',
  validateSearch: words('kind', 'dialog', 'sort'),
  component: lazyRouteComponent(() => import('./connectors'), 'Connectors'),
})
export const connectorRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/routing/connectors/$name',
  validateSearch: words('dialog', 'sort'),
  component: lazyRouteComponent(() => import('./connector'), 'ConnectorPage'),
})
export const routingRoutes = [routingRoute, connectorsRoute, connectorRoute] as const
