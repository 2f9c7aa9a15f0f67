import { Answered, Copy, CopyLine, Foreign, Panel, Status, wordOf, type Health } from '@chappe/kit'
import { Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { useMay } from '../../app/session'
import { dkimQuery, dnsQuery, type DnsRecord, type Domain } from './data'
import classes from './dns.module.css'
import { useTexts } from './texts'

const health: Record<DnsRecord['state'], Health> = { good: 'good', weak: 'warn', different: 'bad', missing: 'bad', unanswered: 'none' }
/** What a domain can do without is not red. */
const needed = new Set(['address', 'mx', 'spf', 'dkim', 'dmarc'])

const quoted = (r: DnsRecord) => (r.type === 'TXT' ? `"${r.value}"` : r.value)
const zoneLine = (r: DnsRecord) => `${r.name}. 3600 IN ${r.type} ${quoted(r)}`

function Record({ of: r }: { of: DnsRecord }) {
  const say = useTexts()
  const isLater = r.state === 'missing' && !needed.has(r.purpose)
  const advice = r.state === 'good' ? '' : r.purpose === 'spf' && r.state === 'different' ? say('advice.spf', { verdict: r.detail ?? '' }) : r.purpose === 'mta-sts' && r.state === 'different' && r.detail ? say('advice.mta-sts', { host: r.detail }) : wordOf(say, 'advice', r.state)
  return (
    <li>
      <div className={classes.head}>
        <strong>{r.type}</strong>
        <span>{wordOf(say, 'for', r.purpose)}</span>
        <span className={classes.state}>
          <Status health={isLater ? 'none' : health[r.state]}>{say(isLater ? 'state.later' : `state.${r.state}`)}</Status>
        </span>
      </div>
      <div className={classes.pair}>
        <CopyLine text={`${r.name}.`} label={say('record')} />
        {r.value ? <CopyLine text={quoted(r)} label={say('value')} /> : <Text size="sm">{say('ownAddress')}</Text>}
      </div>
      {r.state !== 'good' && r.found.length > 0 && (
        <Text size="xs" c="dimmed" component="div">
          {say('found')}{' '}
          {r.found.map((f, i) => (
            <code key={i} className={classes.found}>
              <Foreign>{f}</Foreign>
            </code>
          ))}
        </Text>
      )}
      {advice && (
        <Text size="xs" c="dimmed">
          {advice} {r.state === 'unanswered' && <Foreign>{r.detail}</Foreign>}
        </Text>
      )}
    </li>
  )
}

/** What a domain's zone needs so that its mail arrives, is believed, and programs find their settings; what is there; what to do. */
export function DnsAssistant({ domain }: { domain: Domain }) {
  const say = useTexts()
  const change = useChange()
  const queries = useQueryClient()
  const mayFilter = useMay('policy.write')
  const keys = useQuery({ ...dkimQuery(domain.name), enabled: useMay('policy.read') })
  const [own, setOwn] = useState<string | null>(null)
  const [host] = useDebouncedValue(own ?? undefined, 500)
  const dns = useQuery(dnsQuery(domain.name, host))
  const [busy, setBusy] = useState(false)
  const makeKey = async () => {
    setBusy(true)
    await change(() => api.post('/dkim', { domain: domain.name }), [['dkim', domain.name], ['dns']], say('dkimMade')).catch(() => undefined)
    setBusy(false)
  }
  const todo = dns.data?.records.filter((r) => r.state !== 'good') ?? []
  return (
    <Panel
      title={say('tab.dns')}
      actions={
        <>
          <Button size="xs" variant="default" loading={dns.isFetching} onClick={() => void queries.invalidateQueries({ queryKey: ['dns'] })}>
            {say('recheck')}
          </Button>
          {todo.length > 0 && (
            <Group gap={4}>
              <Text size="xs">{say('copyAll')}</Text>
              <Copy text={todo.filter((r) => r.value).map(zoneLine).join('\n') + '\n'} label={say('copyAll')} />
            </Group>
          )}
        </>
      }
    >
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {say('dnsLead')}
        </Text>
        <TextInput label={say('host')} description={say('hostHelp')} value={own ?? dns.data?.host ?? ''} onChange={(e) => setOwn(e.currentTarget.value.trim())} maw={420} spellCheck={false} />
        {keys.data?.length === 0 && (
          <Group gap="sm">
            <Status health="warn">{say('noDkim')}</Status>
            {mayFilter && (
              <Button size="xs" loading={busy} onClick={() => void makeKey()}>
                {say('makeDkim')}
              </Button>
            )}
          </Group>
        )}
        <Answered of={dns} lines={10}>
          {(answer) => (
            <>
              <Status health={answer.records.some((r) => needed.has(r.purpose) && health[r.state] === 'bad') ? 'bad' : todo.length > 0 ? 'warn' : 'good'}>
                {say('sum', { good: answer.records.length - todo.length, all: answer.records.length })} {say(answer.is_validated ? 'validated' : 'notValidated')}
              </Status>
              {answer.mta_sts === 'off' && (
                <Group gap="sm">
                  <Text size="sm">{say('noSts')}</Text>
                  {mayFilter && (
                    <Button size="xs" variant="default" renderRoot={(props) => <Link to="/filters" search={{ organisation: domain.organisation, domain: domain.name, name: 'mta_sts' }} {...props} />}>
                      {say('setSts')}
                    </Button>
                  )}
                </Group>
              )}
              <ul className={classes.records}>
                {answer.records.map((r) => (
                  <Record key={`${r.name} ${r.type} ${r.value}`} of={r} />
                ))}
              </ul>
            </>
          )}
        </Answered>
        <Command line={[commandLine(['domain', 'dns', domain.name], { host: own ?? undefined }), commandLine(['dkim', 'show', domain.name])]} />
      </Stack>
    </Panel>
  )
}
