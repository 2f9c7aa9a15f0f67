// The pages of settings, in the order of the list.
import { IconArrowForwardUp, IconBan, IconBeach, IconFileImport, IconFilter, IconFolder, IconGauge, IconLogin, IconRoute, IconSettings, IconShield, IconSignature, IconUsers, type Icon } from '@chappe/kit/icons'
import { lazy, type ComponentType } from 'react'
import { CAPABILITIES } from '../../jmap/client'

export interface SettingsPage {
  /** Its word in the address, and in the catalogue: `page.NAME`, `lead.NAME`. */
  name: 'general' | 'reply' | 'rules' | 'forward' | 'senders' | 'security' | 'sessions' | 'trace' | 'identities' | 'folders' | 'delegates' | 'quota' | 'transfer'
  icon: Icon
  /** A capability without which there is nothing to show. */
  needs?: string
  Body: ComponentType
}

export const PAGES: SettingsPage[] = [
  { name: 'general', icon: IconSettings, Body: lazy(() => import('./general/page')) },
  { name: 'identities', icon: IconSignature, Body: lazy(() => import('./identities/page')) },
  { name: 'reply', icon: IconBeach, Body: lazy(() => import('./reply/page')) },
  { name: 'rules', icon: IconFilter, Body: lazy(() => import('./rules/page')) },
  { name: 'forward', icon: IconArrowForwardUp, Body: lazy(() => import('./forward/page')) },
  { name: 'senders', icon: IconBan, needs: CAPABILITIES.owner, Body: lazy(() => import('./senders/page')) },
  { name: 'folders', icon: IconFolder, Body: lazy(() => import('./folders/page')) },
  { name: 'delegates', icon: IconUsers, Body: lazy(() => import('./delegates/page')) },
  { name: 'quota', icon: IconGauge, Body: lazy(() => import('./quota/page')) },
  { name: 'transfer', icon: IconFileImport, Body: lazy(() => import('./transfer/page')) },
  { name: 'security', icon: IconShield, needs: CAPABILITIES.owner, Body: lazy(() => import('./security/page')) },
  { name: 'sessions', icon: IconLogin, needs: CAPABILITIES.owner, Body: lazy(() => import('./sessions/page')) },
  { name: 'trace', icon: IconRoute, needs: CAPABILITIES.owner, Body: lazy(() => import('./trace/page')) },
]
