// Every page, in every look. A new page: one line.
import { mkdirSync } from 'node:fs'
import { consolePages } from './console-pages.mjs'
import { administrator, axe, base, check, innocent, person, picture, settled } from './kit.mjs'

const pages = {
  home: '/',
  'home-month': '/?hours=744',
  'first-steps': '/first-steps',
  'first-steps-organisation': '/first-steps?step=organisation',
  'first-steps-domain': '/first-steps?step=domain',
  'first-steps-dns': '/first-steps?step=dns&organisation=Example&domain=example.org',
  'first-steps-users': '/first-steps?step=users&organisation=Example&domain=example.org',
  'first-steps-test': '/first-steps?step=test&domain=example.org',
  organisations: '/organisations',
  'organisations-add': '/organisations?dialog=add',
  organisation: '/organisations/Example',
  'organisation-edit': '/organisations/Example?dialog=edit',
  'organisation-hostile': '/organisations/' + encodeURIComponent('<img src=x onerror=window.__hostile=1>'),
  mailboxes: '/recipients',
  'mailboxes-hostile': '/recipients?domain=example.org&text=h1',
  'mailboxes-none': '/recipients?text=nobody-is-called-so',
  'mailboxes-add': '/recipients?dialog=add',
  'mailboxes-add-user': '/recipients?dialog=add+user',
  'mailboxes-add-public-folder': '/recipients?dialog=add+public-folder',
  mailbox: '/recipients/ada@example.org',
  'mailbox-hostile': '/recipients/h0@example.org',
  'mailbox-person': '/recipients/h0@example.org?tab=person',
  'mailbox-addresses': '/recipients/ada@example.org?tab=addresses',
  'mailbox-folders': '/recipients/ada@example.org?tab=mailbox',
  'mailbox-limits': '/recipients/ada@example.org?tab=limits',
  'mailbox-shares': '/recipients/sales@example.org?tab=shares',
  'mailbox-shares-none': '/recipients/board@example.org?tab=shares',
  'mailbox-senders': '/recipients/ada@example.org?tab=senders',
  'group-senders': '/recipients/groups/hg@example.org?tab=senders',
  'mailbox-groups': '/recipients/h0@example.org?tab=groups',
  'mailbox-security': '/recipients/h0@example.org?tab=security',
  'mailbox-trace': '/recipients/ada@example.org?tab=trace',
  'mailbox-audit': '/recipients/h0@example.org?tab=audit',
  'mailbox-password': '/recipients/ada@example.org?dialog=password',
  'mailbox-test': '/recipients/ada@example.org?dialog=test',
  'mailbox-remove': '/recipients/h14@example.org?dialog=remove',
  groups: '/recipients/groups',
  group: '/recipients/groups/team@example.org',
  'group-hostile': '/recipients/groups/hg@example.org?tab=limits',
  contacts: '/recipients/contacts',
  contact: '/recipients/contacts/hc@example.org',
  aliases: '/recipients/aliases',
  'aliases-add': '/recipients/aliases?dialog=add',
  import: '/recipients/import',
  domains: '/domains',
  'domains-add': '/domains?dialog=add',
  domain: '/domains/example.org',
  'domain-dns': '/domains/example.org?tab=dns',
  queue: '/queue',
  'queue-filtered': '/queue?domain=away.example',
  'queue-none': '/queue?sender=nobody@nowhere.example',
  'queue-reroute': '/queue?domain=away.example&dialog=reroute',
  'queue-delete': '/queue?sender=ada@example.org&dialog=delete',
  queued: '/queue/$queued',
  'queued-return': '/queue/$queued?dialog=return',
  tracking: '/tracking',
  'tracking-none': '/tracking?sender=nobody@nowhere.example',
  tracked: '/tracking/$queued',
  rehearsal: '/tracking/rehearsal',
  'rehearsal-asked': '/tracking/rehearsal?from=ada@example.org&to=team@example.org',
  'rehearsal-refused': '/tracking/rehearsal?from=zoe@outside.example&to=nobody@example.org',
  routing: '/routing',
  'routing-asked': '/routing?recipient=bob@partner.example&sender=ada@example.org',
  'routing-way': '/routing?recipient=x@hostile.example',
  'routing-none': '/routing?recipient=nobody@example.org',
  connectors: '/routing/connectors',
  'connectors-add': '/routing/connectors?dialog=add',
  connector: '/routing/connectors/Internet',
  'connector-edit': '/routing/connectors/Internet?dialog=edit',
  'connector-test': '/routing/connectors/Internet?dialog=test',
  'connector-remove': '/routing/connectors/Internet?dialog=remove',
  'backup-mx': '/routing/backup-mx',
  'backup-mx-add': '/routing/backup-mx?dialog=add',
  'backup-mx-one': '/routing/backup-mx/backup.example',
  'backup-mx-recipients': '/routing/backup-mx/backup.example?dialog=recipients',
  'backup-mx-edit': '/routing/backup-mx/backup.example?dialog=edit',
  'access-block': '/access',
  'access-entry': '/access?value=192.0.2.0/24',
  'access-allow': '/access?tab=allow',
  'access-add': '/access?dialog=add',
  filters: '/filters',
  'filters-organisation': '/filters?organisation=Example&domain=example.org',
  'filters-edit': '/filters?name=on_spam',
  rules: '/filters/rules?organisation=Example',
  'rules-one': '/filters/rules?organisation=Example&name=Held',
  'rules-add': '/filters/rules?organisation=Example&dialog=add',
  quarantine: '/quarantine',
  'quarantine-one': '/quarantine?id=$quarantined',
  moderation: '/moderation',
  'moderation-one': '/moderation?id=$moderated',
  'address-lists': '/address-lists?organisation=Example',
  'address-list': '/address-lists?organisation=Example&name=Rooms',
  'address-lists-add': '/address-lists?organisation=Example&dialog=add',
  policies: '/policies?organisation=Example',
  policy: '/policies?organisation=Example&name=First.Last',
  'policies-add': '/policies?organisation=Example&dialog=add',
  jobs: '/jobs',
  job: '/jobs/$job',
  'job-items': '/jobs/$job?all=1',
  delegation: '/delegation',
  'delegation-add': '/delegation?dialog=domain+example.org&holder=grace@example.org',
  rights: '/delegation/rights?who=grace@example.org',
  'delegation-roles': '/delegation/roles?organisation=Example',
  'delegation-role': '/delegation/roles?organisation=Example&id=help-desk',
  'delegation-role-add': '/delegation/roles?organisation=Example&dialog=add',
  certificates: '/certificates',
  audit: '/audit?organisation=Example',
  account: '/account',
  'account-totp': '/account?dialog=totp',
  'account-key': '/account?dialog=webauthn',
  'account-token': '/account?dialog=token',
  changes: '/changes',
  change: '/changes?id=1',
  storage: '/storage',
  'storage-group-add': '/storage?dialog=group',
  'storage-store-add': '/storage?dialog=store',
  'storage-store': '/storage/First Storage Group/Mailbox Store',
  'storage-store-edit': '/storage/First Storage Group/Mailbox Store?dialog=edit',
  'storage-moves': '/storage/moves?all=1',
  'storage-move': '/storage/moves?dialog=move',
  'storage-deleted': '/deleted-mailboxes',
  'reports': '/reports',
  'reports-tls': '/reports?kind=tls',
  'report': '/reports?id=$report',
  ...consolePages,
  'not-found': '/there/is/nothing',
}

// Together: both languages, both themes, three widths. The first two in every run, with axe; the others when all are asked for.
export const everyLook = [
  { name: 'en-light-1440', width: 1440, height: 900, language: 'en', dark: false, axe: true },
  { name: 'fr-dark-390', width: 390, height: 844, language: 'fr', dark: true, axe: true },
  { name: 'fr-light-1024', width: 1024, height: 768, language: 'fr', dark: false, axe: false },
  { name: 'en-dark-1024', width: 1024, height: 768, language: 'en', dark: true, axe: false },
]
export const looks = process.env.ALL_LOOKS === '1' ? everyLook : everyLook.slice(0, 2)

export async function look(who, path, name, withAxe) {
  const { page } = who
  who.faults.length = 0
  await page.goto(base + path.replace(/\$(\w+)/, (_, name) => process.env[name.toUpperCase()]))
  if (name.startsWith('not-found')) await page.locator('main a').first().waitFor()
  else await settled(page)
  if (/dialog=|[?&](id|name|run)=/.test(path)) await page.locator('[role=dialog]').first().waitFor()
  await picture(page, name)
  await innocent(who)
  if (!withAxe) return
  const found = await axe(page)
  check('axe', found.length === 0, found.join(' | '))
}

/** [name, run] of each page in each look. */
export function pageTests() {
  mkdirSync(process.env.SHOTS, { recursive: true })
  return looks.map((l) => ({
    name: `pages/${l.name}`,
    open: (browser) => administrator(browser, l),
    tests: Object.entries(pages).map(([name, path]) => [`pages/${l.name}/${name}`, (who) => look(who, path, `${name}.${l.name}`, l.axe)]),
  }))
}

export function loginTests() {
  return looks.map((l) => ({
    name: `pages/${l.name}`,
    open: async (browser) => {
      const who = await person(browser, l)
      return who
    },
    tests: [
      [
        `pages/${l.name}/login`,
        async (who) => {
          await who.page.goto(base + '/')
          await who.page.locator('input[type=email]').waitFor()
          await picture(who.page, `login.${l.name}`)
          await innocent(who)
          const found = await axe(who.page)
          check('axe', found.length === 0, found.join(' | '))
        },
      ],
    ],
  }))
}
