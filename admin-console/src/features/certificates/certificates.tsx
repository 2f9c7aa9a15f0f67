import { defineTexts, Answered, Facts, Foreign, Page, Panel, Status, useFormat, type Health } from '@chappe/kit'
import { queryOptions, useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import * as z from 'zod/mini'
import { api } from '../../app/api'
import { Command } from '../../app/command'

const useTexts = defineTexts('certificates', {
  en: {
    title: 'Certificates',
    lead: 'What this server shows to who connects with TLS. New files are taken up by chappe reload; nobody is cut off.',
    names: 'For',
    noNames: 'no name at all',
    issuer: 'By',
    until: 'Until',
    file: 'File',
    isDefault: 'Shown where no other bears the name',
    self: 'Signed by itself: programs of others will not believe it',
    noKey: 'Not used: there is no key beside it',
    left_one: '{{count}} day left',
    left_other: '{{count}} days left',
    ended: 'It has ended',
    renew: 'Renew it, then run chappe reload.',
    fault: 'It cannot be read',
  },
  fr: {
    title: 'Certificats',
    lead: 'Ce que ce serveur montre à qui se connecte en TLS. Les nouveaux fichiers sont repris par chappe reload ; personne n’est coupé.',
    names: 'Pour',
    noNames: 'aucun nom',
    issuer: 'Par',
    until: 'Jusqu’au',
    file: 'Fichier',
    isDefault: 'Montré quand aucun autre ne porte le nom',
    self: 'Signé par lui-même : les logiciels des autres ne le croiront pas',
    noKey: 'Non utilisé : il n’y a pas de clé à côté',
    left_one: 'encore {{count}} jour',
    left_other: 'encore {{count}} jours',
    ended: 'Il est échu',
    renew: 'Renouvelez-le, puis lancez chappe reload.',
    fault: 'Il ne peut pas être lu',
  },
})

const certificate = z.object({
  file: z.string(),
  names: z.array(z.string()),
  issuer: z.string(),
  subject: z.string(),
  until: z.nullish(z.string()),
  days: z.number(),
  is_default: z.boolean(),
  is_self_signed: z.boolean(),
  has_key: z.boolean(),
  fault: z.nullish(z.string()),
})
const certificatesQuery = queryOptions({
  queryKey: ['certificates'],
  queryFn: async ({ signal }) => z.object({ certificates: z.array(certificate) }).parse(await api.get('/certificates', undefined, signal)).certificates,
})
const SOON = 30

/** The certificates of the server that answers, with what is to be done about each. */
export function Certificates() {
  const say = useTexts()
  const format = useFormat()
  const all = useQuery(certificatesQuery)
  return (
    <Page title={say('title')} lead={say('lead')}>
      <Answered of={all}>
        {(list) => (
          <>
            {list.map((c) => {
              const health: Health = c.fault || c.days < 0 ? 'bad' : !c.has_key || c.days < SOON ? 'warn' : 'good'
              const state = c.fault ? say('fault') : !c.has_key ? say('noKey') : c.days < 0 ? say('ended') : say('left', { count: c.days })
              const rows: [string, ReactNode][] = [
                [say('names'), <Foreign key="n">{c.names.join(', ') || say('noNames')}</Foreign>],
                [say('issuer'), <Foreign key="i">{c.issuer}</Foreign>],
                [say('until'), c.until ? `${format.dateTime(c.until)}` : ''],
                [say('file'), <Foreign key="f">{c.file}</Foreign>],
              ]
              return (
                <Panel key={c.file} title={<Foreign>{c.names[0] ?? c.file}</Foreign>} actions={<Status health={health}>{state}</Status>}>
                  <Facts rows={rows} />
                  {c.is_default && <p>{say('isDefault')}</p>}
                  {c.is_self_signed && <p>{say('self')}</p>}
                  {c.fault && <p><Foreign>{c.fault}</Foreign></p>}
                  {health !== 'good' && c.has_key && <p>{say('renew')}</p>}
                </Panel>
              )
            })}
          </>
        )}
      </Answered>
      <Command line="chappe certificate list" />
    </Page>
  )
}
