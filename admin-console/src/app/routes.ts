import { createRouter } from '@tanstack/react-router'
import { accountRoutes } from '../features/account/routes'
import { accessRoutes } from '../features/access/routes'
import { auditRoutes } from '../features/audit/routes'
import { certificateRoutes } from '../features/certificates/routes'
import { changeRoutes } from '../features/changes/routes'
import { delegationRoutes } from '../features/delegation/routes'
import { directoryRoutes } from '../features/directories/routes'
import { domainRoutes } from '../features/domains/routes'
import { filterRoutes } from '../features/filter/routes'
import { firstStepsRoutes } from '../features/first-steps/routes'
import { homeRoutes } from '../features/home/routes'
import { identityProviderRoutes } from '../features/identity-providers/routes'
import { jobRoutes } from '../features/jobs/routes'
import { organisationRoutes } from '../features/organisations/routes'
import { policyRoutes } from '../features/policies/routes'
import { protocolRoutes } from '../features/protocols/routes'
import { queueRoutes } from '../features/queue/routes'
import { recipientRoutes } from '../features/recipients/routes'
import { reportRoutes } from '../features/reports/routes'
import { routingRoutes } from '../features/routing/routes'
import { sessionRoutes } from '../features/sessions/routes'
import { trackingRoutes } from '../features/tracking/routes'
import { storageRoutes } from '../features/storage/routes'
import { rootRoute, shellRoute } from './root'
import { parseSearch, stringifySearch } from '@chappe/kit'

const tree = rootRoute.addChildren([
  shellRoute.addChildren([
    ...homeRoutes,
    ...firstStepsRoutes,
    ...organisationRoutes,
    ...recipientRoutes,
    ...directoryRoutes,
    ...domainRoutes,
    ...routingRoutes,
    ...accessRoutes,
    ...filterRoutes,
    ...policyRoutes,
    ...jobRoutes,
    ...certificateRoutes,
    ...queueRoutes,
    ...reportRoutes,
    ...trackingRoutes,
    ...delegationRoutes,
    ...changeRoutes,
    ...auditRoutes,
    ...accountRoutes,
    ...storageRoutes,
    ...protocolRoutes,
    ...identityProviderRoutes,
    ...sessionRoutes,
  ]),
])

export const router = createRouter({ routeTree: tree, basepath: '/admin', parseSearch, stringifySearch, defaultPreload: 'intent', scrollRestoration: false, pathParamsAllowedCharacters: ['@', '+'] })

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
