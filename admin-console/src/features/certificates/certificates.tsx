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
    fault: 'It cannot be used',
    missing: 'Without a certificate',
    missingLead: 'These domains have a policy for TLS (MTA-STS), which others fetch from the name below. Without a certificate for that name they do not believe it.',
    missingDo: 'Get a certificate for the name (one for *.DOMAIN fits too), put it with its key into the folder tls_certificates of the server as NAME.pem and NAME.key, then run chappe reload. It is found by the names that stand in it.',
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
    fault: 'Il ne peut pas être utilisé',
    missing: 'Sans certificat',
    missingLead: 'Ces domaines ont une règle pour TLS (MTA-STS), que les autres cherchent sous le nom ci-dessous. Sans certificat à ce nom, ils n’y croient pas.',
    missingDo: 'Obtenez un certificat pour ce nom (un certificat pour *.DOMAINE convient aussi), mettez-le avec sa clé dans le dossier tls_certificates du serveur sous NOM.pem et NOM.key, puis lancez chappe reload. Il est trouvé par les noms qu’il porte.',
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
const missing = z.object({ name: z.string(), domain: z.string(), purpose: z.string() })
const missingQuery = queryOptions({
  queryKey: ['certificates', 'missing'],
  queryFn: async ({ signal }) => z.object({ missing: z.array(missing) }).parse(await api.get('/certificates/missing', undefined, signal)).missing,
})
const SOON = 30

/** Names of MTA-STS that no certificate bears. */
function Missing() {
  const say = useTexts()
  const found = useQuery(missingQuery)
  if (!found.data?.length) return null
  return (
    <Panel title={say('missing')} actions={<Status health="bad">{String(found.data.length)}</Status>}>
      <p>{say('missingLead')}</p>
      <ul>
        {found.data.map((m) => (
          <li key={m.name}>
            <Foreign>{m.name}</Foreign>
          </li>
        ))}
      </ul>
      <p>{say('missingDo')}</p>
      <Command line="chappe certificate missing" />
    </Panel>
  )
}

/** The certificates of the server that answers, with what is to be done about each. */
export function Certificates() {
  const say = useTexts()
  const format = useFormat()
  const all = useQuery(certificatesQuery)
  return (
    <Page title={say('title')} lead={say('lead')}>
      <Missing />
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
