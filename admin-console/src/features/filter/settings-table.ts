/** How each setting is edited: which group it stands in, the words it may be, or what it is. Those that are not here are shown under "other". */
export type Group = 'scanners' | 'verdicts' | 'authenticity' | 'lists' | 'greylist' | 'quarantine' | 'limits' | 'learning' | 'other'
export const groups: Group[] = ['scanners', 'verdicts', 'authenticity', 'lists', 'greylist', 'quarantine', 'limits', 'learning', 'other']

interface Row {
  group: Group
  choices?: string[]
  secret?: boolean
}
const onOff = ['off', 'on']
export const rows: Record<string, Row> = {
  clamd: { group: 'scanners' },
  rspamd: { group: 'scanners' },
  spamd: { group: 'scanners' },
  milters: { group: 'scanners' },
  scan_timeout: { group: 'scanners' },
  on_scanner_failure: { group: 'verdicts', choices: ['defer', 'accept'] },
  on_infected: { group: 'verdicts', choices: ['refuse', 'quarantine'] },
  on_spam: { group: 'verdicts', choices: ['refuse', 'quarantine', 'junk'] },
  on_junk: { group: 'verdicts', choices: ['junk', 'tag'] },
  junk_score: { group: 'verdicts' },
  refuse_score: { group: 'verdicts' },
  scan_own: { group: 'verdicts', choices: ['no', 'yes'] },
  spf: { group: 'authenticity', choices: ['off', 'mark', 'enforce'] },
  dkim: { group: 'authenticity', choices: ['off', 'mark'] },
  dmarc: { group: 'authenticity', choices: ['off', 'mark', 'enforce'] },
  arc: { group: 'authenticity', choices: ['off', 'mark'] },
  arc_trusted: { group: 'authenticity' },
  helo_check: { group: 'authenticity', choices: ['off', 'mark', 'enforce'] },
  host_check: { group: 'authenticity', choices: onOff },
  dmarc_reports: { group: 'authenticity', choices: onOff },
  tls_reports: { group: 'authenticity', choices: onOff },
  report_contact: { group: 'authenticity' },
  report_address: { group: 'authenticity' },
  mta_sts: { group: 'authenticity', choices: ['off', 'withdraw', 'testing', 'enforce'] },
  mta_sts_hosts: { group: 'authenticity' },
  mta_sts_max_age: { group: 'authenticity' },
  dnsbl: { group: 'lists' },
  dnswl: { group: 'lists' },
  dnsbl_refuse: { group: 'lists' },
  tarpit: { group: 'lists' },
  greylist: { group: 'greylist', choices: onOff },
  greylist_delay: { group: 'greylist' },
  quarantine_keep: { group: 'quarantine' },
  quarantine_digest: { group: 'quarantine', choices: ['none', 'daily'] },
  account_limit: { group: 'limits' },
  organisation_limit: { group: 'limits' },
  learn: { group: 'learning', choices: onOff },
  learn_per_user: { group: 'learning', choices: onOff },
  rspamd_controller: { group: 'learning' },
  rspamd_password: { group: 'learning', secret: true },
  spamd_learn: { group: 'learning', choices: onOff },
}
