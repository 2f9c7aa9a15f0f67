import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'
import { words } from '@chappe/kit'

export const accessRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/access',
  validateSearch: words('tab', 'organisation', 'text', 'dialog', 'value', 'sort'),
  component: lazyRouteComponent(() => import('./access'), 'Access'),
})
export const backupsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/routing/backup-mx',
  validateSearch: words('dialog', 'sort'),
  component: lazyRouteComponent(() => import('./backups'), 'Backups'),
})
export const backupRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/routing/backup-mx/$domain',
  validateSearch: words('dialog', 'sort'),
  component: lazyRouteComponent(() => import('./backup'), 'BackupPage'),
})
export const accessRoutes = [accessRoute, backupsRoute, backupRoute] as const
