import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'
import { words } from '@chappe/kit'

const getParentRoute = () => shellRoute

export const mailboxesRoute = createRoute({
  getParentRoute,
  path: '/recipients',
  validateSearch: words('organisation', 'domain', 'text', 'kind', 'state', 'sort', 'dialog', 'hide'),
  component: lazyRouteComponent(() => import('./mailboxes'), 'Mailboxes'),
})
export const mailboxRoute = createRoute({
  getParentRoute,
  path: '/recipients/$address',
  validateSearch: words('tab', 'dialog', 'sort'),
  component: lazyRouteComponent(() => import('./mailbox'), 'MailboxPage'),
})
export const groupsRoute = createRoute({
  getParentRoute,
  path: '/recipients/groups',
  validateSearch: words('organisation', 'domain', 'text', 'dialog', 'sort'),
  component: lazyRouteComponent(() => import('./groups'), 'Groups'),
})
export const groupRoute = createRoute({
  getParentRoute,
  path: '/recipients/groups/$address',
  validateSearch: words('tab', 'sort'),
  component: lazyRouteComponent(() => import('./group'), 'GroupPage'),
})
export const contactsRoute = createRoute({
  getParentRoute,
  path: '/recipients/contacts',
  validateSearch: words('organisation', 'domain', 'text', 'dialog', 'sort'),
  component: lazyRouteComponent(() => import('./contacts'), 'Contacts'),
})
export const contactRoute = createRoute({
  getParentRoute,
  path: '/recipients/contacts/$address',
  component: lazyRouteComponent(() => import('./contact'), 'ContactPage'),
})
export const aliasesRoute = createRoute({
  getParentRoute,
  path: '/recipients/aliases',
  validateSearch: words('organisation', 'domain', 'text', 'dialog', 'sort'),
  component: lazyRouteComponent(() => import('./aliases'), 'Aliases'),
})
export const importRoute = createRoute({
  getParentRoute,
  path: '/recipients/import',
  validateSearch: words('organisation', 'sort'),
  component: lazyRouteComponent(() => import('./import'), 'Import'),
})
export const recipientRoutes = [mailboxesRoute, mailboxRoute, groupsRoute, groupRoute, contactsRoute, contactRoute, aliasesRoute, importRoute] as const
