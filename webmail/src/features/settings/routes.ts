import { words } from '@chappe/kit'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'
import { accountLinks, folderLinks, overlays } from '../../app/plugs'
import { ShareLink } from '../folders/share-link'
import { KeptChoices } from './kept'
import { SettingsLink } from './link'

accountLinks.push(SettingsLink)
folderLinks.push(ShareLink)
overlays.push(KeptChoices)

const frame = lazyRouteComponent(() => import('./frame'), 'SettingsFrame')
/** dialog: what is open over the page. */
const search = words('dialog')
export const settingsRoutes = [
  createRoute({ getParentRoute: () => shellRoute, path: '/settings', validateSearch: search, component: frame }),
  createRoute({ getParentRoute: () => shellRoute, path: '/settings/$page', validateSearch: search, component: frame }),
]
