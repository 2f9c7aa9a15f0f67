import { Foreign } from '@chappe/kit'
import { Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import type { AddressList } from './data'
import classes from './policies.module.css'
import { useTexts } from './texts'

const found = z.object({ members: z.array(z.string()), has_more: z.boolean() })

/** The first whom a filter means. */
const previewQuery = (organisation: string, query: string) =>
  queryOptions({
    queryKey: ['selection', organisation, query],
    enabled: query !== '',
    retry: false,
    queryFn: async ({ signal }) => found.parse(await api.get('/selection', { organisation, query }, signal)),
  })

export function Preview({ organisation, filter }: { organisation: string; filter: string }) {
  const say = useTexts()
  const [asked] = useDebouncedValue(filter.trim(), 400)
  const people = useQuery(previewQuery(organisation, asked))
  if (asked === '') return null
  if (people.error) return <Text size="sm" c="red" role="alert">{say('filterBad')}</Text>
  return (
    <div className={classes.preview} role="status" aria-label={say('preview')}>
      <Text size="sm" fw={600}>{say('preview')}</Text>
      {people.data?.members.length === 0 && <Text size="sm" c="dimmed">{say('membersNone')}</Text>}
      <ul className={classes.members} tabIndex={0} aria-label={say('preview')}>
        {people.data?.members.map((m) => (
          <li key={m}>
            <Foreign>{m}</Foreign>
          </li>
        ))}
        {people.data?.has_more && <li>…</li>}
      </ul>
    </div>
  )
}

/** Name and filter of a list, new or changed, with whom it would show. */
export function Edit({ of, organisation, onClose }: { of: AddressList | undefined; organisation: string; onClose: (name: string | undefined) => void }) {
  const say = useTexts()
  const change = useChange()
  const [name, setName] = useState(of?.name ?? '')
  const [query, setQuery] = useState(of?.query ?? '(kind=user)')
  const [saved, setSaved] = useState(of?.name)
  const body = of ? { ...(name !== of.name && { name }), ...(query !== of.query && { query }) } : { name, query, organisation }
  const save = async () => {
    await change(() => (of ? api.patch(path`/address-lists/${of.name}`, body, { organisation }) : api.post('/address-lists', body)), [['address-lists']], say('saved'))
    setSaved(name)
    onClose(name)
    return 'left'
  }
  return (
    <FormDialog
      title={say(of ? 'edit' : 'addList')}
      action={say(of ? 'save' : 'addList')}
      disabled={Object.keys(body).length === 0}
      command={of ? commandLine(['address-list', 'set', of.name], { org: organisation, name: name !== of.name ? name : undefined, query: query !== of.query ? query : undefined }) : commandLine(['address-list', 'add', name], { org: organisation, query })}
      onClose={() => onClose(saved)}
      onSubmit={save}
    >
      <TextInput label={say('name')} required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <TextInput label={say('query')} description={say('queryHelp')} required spellCheck={false} value={query} onChange={(e) => setQuery(e.currentTarget.value)} />
      <Preview organisation={organisation} filter={query} />
    </FormDialog>
  )
}
