import { IconAddressBook, IconArchive, IconAt, IconBuilding, IconChartBar, IconCertificate, IconClipboardList, IconDatabase, IconFilter, IconGavel, IconHome, IconInbox, IconKey, IconListDetails, IconMail, IconProgress, IconRoute, IconShield, IconTrash, IconUsers, IconUsersGroup, IconWorld, type Icon } from '@chappe/kit/icons'
import type { LinkProps } from '@tanstack/react-router'
import type { Permission } from './session'
import type { useAppTexts } from './texts'

/** A line of the tree. `needs`: hidden from who holds it nowhere; `everywhere`: from who does not hold it on the installation. */
export interface Place {
  text: Parameters<ReturnType<typeof useAppTexts>>[0]
  link: LinkProps
  icon?: Icon
  needs?: Permission
  everywhere?: boolean
  below?: Place[]
}

export const places: Place[] = [
  { text: 'tree.home', link: { to: '/' }, icon: IconHome },
  { text: 'tree.firstSteps', link: { to: '/first-steps' }, icon: IconListDetails, needs: 'organisation.write', everywhere: true },
  { text: 'tree.organisations', link: { to: '/organisations' }, icon: IconBuilding, needs: 'organisation.read' },
  {
    text: 'tree.recipients',
    link: { to: '/recipients' },
    icon: IconUsers,
    needs: 'recipient.read',
    below: [
      { text: 'tree.groups', link: { to: '/recipients/groups' } },
      { text: 'tree.contacts', link: { to: '/recipients/contacts' } },
      { text: 'tree.aliases', link: { to: '/recipients/aliases' } },
      { text: 'tree.protocols', link: { to: '/protocols' }, needs: 'recipient.read' },
      { text: 'tree.sessions', link: { to: '/sessions' }, needs: 'session.write' },
    ],
  },
  { text: 'tree.addressLists', link: { to: '/address-lists' }, icon: IconAddressBook, needs: 'policy.read' },
  { text: 'tree.policies', link: { to: '/policies' }, icon: IconAt, needs: 'policy.read' },
  { text: 'tree.directories', link: { to: '/directories' }, icon: IconUsersGroup, needs: 'organisation.read' },
  { text: 'tree.domains', link: { to: '/domains' }, icon: IconWorld, needs: 'domain.read' },
  { text: 'tree.identityProviders', link: { to: '/identity-providers' }, icon: IconKey, needs: 'policy.read' },
  {
    text: 'tree.routing',
    link: { to: '/routing' },
    icon: IconRoute,
    needs: 'routing.read',
    everywhere: true,
    below: [{ text: 'tree.connectors', link: { to: '/routing/connectors' } }],
  },
  { text: 'tree.backups', link: { to: '/routing/backup-mx' }, icon: IconArchive, needs: 'routing.read' },
  {
    text: 'tree.filters',
    link: { to: '/filters' },
    icon: IconFilter,
    needs: 'policy.read',
    below: [
      { text: 'tree.access', link: { to: '/access' } },
      { text: 'tree.rules', link: { to: '/filters/rules' } },
    ],
  },
  { text: 'tree.quarantine', link: { to: '/quarantine' }, icon: IconInbox, needs: 'quarantine.write' },
  { text: 'tree.moderation', link: { to: '/moderation' }, icon: IconGavel, needs: 'quarantine.write' },
  {
    text: 'tree.queue',
    link: { to: '/queue' },
    icon: IconMail,
    needs: 'queue.read',
    below: [
      { text: 'tree.tracking', link: { to: '/tracking' } },
      { text: 'tree.rehearsal', link: { to: '/tracking/rehearsal' }, needs: 'queue.read', everywhere: true },
    ],
  },
  { text: 'tree.reports', link: { to: '/reports' }, icon: IconChartBar, needs: 'policy.read' },
  {
    text: 'tree.delegation',
    link: { to: '/delegation' },
    icon: IconShield,
    needs: 'delegation.read',
    below: [
      { text: 'tree.rights', link: { to: '/delegation/rights' } },
      { text: 'tree.roles', link: { to: '/delegation/roles' } },
      { text: 'tree.changes', link: { to: '/changes' } },
    ],
  },
  {
    text: 'tree.storage',
    link: { to: '/storage' },
    icon: IconDatabase,
    needs: 'storage.read',
    everywhere: true,
    below: [{ text: 'tree.moves', link: { to: '/storage/moves' } }],
  },
  { text: 'tree.deleted', link: { to: '/deleted-mailboxes' }, icon: IconTrash, needs: 'recipient.read' },
  { text: 'tree.certificates', link: { to: '/certificates' }, icon: IconCertificate, needs: 'routing.read', everywhere: true },
  { text: 'tree.jobs', link: { to: '/jobs' }, icon: IconProgress },
  { text: 'tree.audit', link: { to: '/audit' }, icon: IconClipboardList, needs: 'audit.read' },
]
