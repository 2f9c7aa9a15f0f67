// The pages of settings, in the order of the list.
import { onDemand } from '@chappe/kit'
import { IconArrowForwardUp, IconBan, IconBeach, IconFileImport, IconFilter, IconFolder, IconGauge, IconLogin, IconRoute, IconSettings, IconShield, IconSignature, IconUsers, type Icon } from '@chappe/kit/icons'
import { type ComponentType } from 'react'
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
  { name: 'general', icon: IconSettings, Body: onDemand(() => import('./general/page')) },
  { name: 'identities', icon: IconSignature, Body: onDemand(() => import('./identities/page')) },
  { name: 'reply', icon: IconBeach, Body: onDemand(() => import('./reply/page')) },
  { name: 'rules', icon: IconFilter, Body: onDemand(() => import('./rules/page')) },
  { name: 'forward', icon: IconArrowForwardUp, Body: onDemand(() => import('./forward/page')) },
  { name: 'senders', icon: IconBan, needs: CAPABILITIES.owner, Body: onDemand(() => import('./senders/page')) },
  { name: 'folders', icon: IconFolder, Body: onDemand(() => import('./folders/page')) },
  { name: 'delegates', icon: IconUsers, Body: onDemand(() => import('./delegates/page')) },
  { name: 'quota', icon: IconGauge, Body: onDemand(() => import('./quota/page')) },
  { name: 'transfer', icon: IconFileImport, Body: onDemand(() => import('./transfer/page')) },
  { name: 'security', icon: IconShield, needs: CAPABILITIES.owner, Body: onDemand(() => import('./security/page')) },
  { name: 'sessions', icon: IconLogin, needs: CAPABILITIES.owner, Body: onDemand(() => import('./sessions/page')) },
  { name: 'trace', icon: IconRoute, needs: CAPABILITIES.owner, Body: onDemand(() => import('./trace/page')) },
]
