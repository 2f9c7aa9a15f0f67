import { words } from '@chappe/kit'
import { createRoute, redirect } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'
import { MailPage } from './page'

/** `account`: "me" or an account's id. `folder`: a role ("inbox"), a folder's id, or "all" for what is searched everywhere. */
const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/mail/$account/$folder',
  // q: what is searched. in: the folder from which one began to search. only: filter chips with spaces between. sort: property and direction.
  validateSearch: words('q', 'in', 'only', 'sort'),
  component: MailPage,
})

export const mailRoutes = [
  createRoute({
    getParentRoute: () => shellRoute,
    path: '/',
    beforeLoad: () => {
      throw redirect({ to: '/mail/$account/$folder', params: { account: 'me', folder: 'inbox' }, replace: true })
    },
  }),
  listRoute.addChildren([
    createRoute({ getParentRoute: () => listRoute, path: '/$message' }),
  ]),
]
