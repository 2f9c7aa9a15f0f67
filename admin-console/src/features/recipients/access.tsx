// Who reads and works in a mailbox that nobody logs in to.
import { Answered, Foreign, Panel } from '@chappe/kit'
import { IconPlus, IconX } from '@chappe/kit/icons'
import { ActionIcon, Button, Select, Text, TextInput } from '@mantine/core'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { useMay } from '../../app/session'
import classes from './mailbox.module.css'
import { useTexts } from './texts'
import { useAccessTexts } from './texts-access'

const WAYS = ['read', 'write', 'all'] as const
type Way = (typeof WAYS)[number]

const access = z.object({ access: z.array(z.object({ person: z.string(), name: z.string(), may: z.enum([...WAYS, 'other']), rights: z.string(), folders: z.number() })) })
const keyOf = (address: string) => ['access', address]
const accessQuery = (address: string) =>
  queryOptions({
    queryKey: keyOf(address),
    queryFn: async ({ signal }) => access.parse(await api.get(path`/mailboxes/${address}/access`, undefined, signal)).access,
  })

function GiveAccess({ address, onClose }: { address: string; onClose: () => void }) {
  const say = useAccessTexts()
  const words = useTexts()
  const change = useChange()
  const [person, setPerson] = useState('')
  const [way, setWay] = useState<Way>('write')
  return (
    <FormDialog
      title={say('add')}
      action={say('add')}
      command={commandLine(['access', 'set', address, person], { may: way })}
      onClose={onClose}
      onSubmit={() => change(() => api.put(path`/mailboxes/${address}/access/${person}`, { may: way }), [keyOf(address)], say('added', { person }))}
    >
      <TextInput label={words('address')} description={say('personHelp')} type="email" required data-autofocus value={person} onChange={(e) => setPerson(e.currentTarget.value.trim())} />
      <Select
        label={say('may')}
        description={say(`${way}.lead`)}
        allowDeselect={false}
        data={WAYS.map((value) => ({ value, label: say(value) }))}
        value={way}
        onChange={(chosen) => setWay(WAYS.find((w) => w === chosen) ?? way)}
      />
    </FormDialog>
  )
}

export function AccessPanel({ address }: { address: string }) {
  const say = useAccessTexts()
  const change = useChange()
  const mayWrite = useMay('mailbox.write')
  const found = useQuery(accessQuery(address))
  const [adds, setAdds] = useState(false)
  const remove = (person: string) => void change(() => api.delete(path`/mailboxes/${address}/access/${person}`), [keyOf(address)], say('removed', { person }))
  return (
    <Panel
      title={say('title')}
      actions={
        mayWrite && (
          <Button size="xs" leftSection={<IconPlus size={15} />} onClick={() => setAdds(true)}>
            {say('add')}
          </Button>
        )
      }
    >
      <Text size="sm" c="dimmed">
        {say('lead')}
      </Text>
      <Answered of={found}>
        {(all) =>
          all.length === 0 ? (
            <p className={classes.none}>{say('none')}</p>
          ) : (
            <ul className={classes.list}>
              {all.map((one) => (
                <li key={one.person}>
                  <Link to="/recipients/$address" params={{ address: one.person }}>
                    <Foreign>{one.name || one.person}</Foreign>
                  </Link>
                  <small>
                    <Foreign>{one.person}</Foreign> · {one.may === 'other' ? say('other', { rights: one.rights, count: one.folders }) : say(one.may)}
                  </small>
                  {mayWrite && (
                    <ActionIcon variant="subtle" color="red" aria-label={say('removeOne', { person: one.person })} onClick={() => remove(one.person)}>
                      <IconX size={17} />
                    </ActionIcon>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
      {adds && <GiveAccess address={address} onClose={() => setAdds(false)} />}
    </Panel>
  )
}
