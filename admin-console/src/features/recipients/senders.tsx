// Who may write in the name of a mailbox or a group.
import { Answered, Confirm, Foreign, Panel } from '@chappe/kit'
import { IconPlus, IconX } from '@chappe/kit/icons'
import { ActionIcon, Button, Select, Switch, Text, TextInput } from '@mantine/core'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { useMay } from '../../app/session'
import classes from './mailbox.module.css'
import { useTexts } from './texts'
import { useSenderTexts } from './texts-senders'

const senders = z.object({ senders: z.array(z.object({ address: z.string(), name: z.string(), on_behalf: z.boolean() })), keeps_sent: z.nullable(z.boolean()) })
const keyOf = (address: string) => ['senders', address]
const sendersQuery = (address: string) =>
  queryOptions({
    queryKey: keyOf(address),
    queryFn: async ({ signal }) => senders.parse(await api.get(path`/recipients/${address}/senders`, undefined, signal)),
  })

function AddSender({ address, onClose }: { address: string; onClose: () => void }) {
  const say = useSenderTexts()
  const words = useTexts()
  const change = useChange()
  const [person, setPerson] = useState('')
  const [onBehalf, setOnBehalf] = useState(true)
  return (
    <FormDialog
      title={say('add')}
      action={say('add')}
      command={commandLine(['sender', 'add', address, person], onBehalf ? { 'on-behalf': true } : {})}
      onClose={onClose}
      onSubmit={() => change(() => api.post(path`/recipients/${address}/senders`, { person, on_behalf: onBehalf }), [keyOf(address)], say('added', { person }))}
    >
      <TextInput label={words('address')} description={say('personHelp')} type="email" required data-autofocus value={person} onChange={(e) => setPerson(e.currentTarget.value.trim())} />
      <Select
        label={say('way')}
        description={say(onBehalf ? 'way.onBehalf.lead' : 'way.as.lead')}
        allowDeselect={false}
        data={[
          { value: 'onBehalf', label: say('way.onBehalf') },
          { value: 'as', label: say('way.as') },
        ]}
        value={onBehalf ? 'onBehalf' : 'as'}
        onChange={(way) => setOnBehalf(way !== 'as')}
      />
    </FormDialog>
  )
}

export function SendersTab({ address }: { address: string }) {
  const say = useSenderTexts()
  const change = useChange()
  const mayWrite = useMay('recipient.write')
  const found = useQuery(sendersQuery(address))
  const [adds, setAdds] = useState(false)
  const keep = (keeps_sent: boolean) => void change(() => api.patch(path`/recipients/${address}/senders`, { keeps_sent }), [keyOf(address)], say('saved'))
  const [removes, setRemoves] = useState<string | null>(null)
  const remove = (person: string) => change(() => api.delete(path`/recipients/${address}/senders/${person}`), [keyOf(address)], say('removed', { person }))
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
        {(all) => (
          <>
            {all.senders.length === 0 && <p className={classes.none}>{say(all.keeps_sent === null ? 'none.group' : 'none')}</p>}
            <ul className={classes.list}>
              {all.senders.map((s) => (
                <li key={s.address}>
                  <Link to="/recipients/$address" params={{ address: s.address }}>
                    <Foreign>{s.name || s.address}</Foreign>
                  </Link>
                  <small>
                    <Foreign>{s.address}</Foreign> · {say(s.on_behalf ? 'way.onBehalf' : 'way.as')}
                  </small>
                  {mayWrite && (
                    <ActionIcon variant="subtle" color="red" aria-label={say('removeOne', { person: s.address })} onClick={() => setRemoves(s.address)}>
                      <IconX size={17} />
                    </ActionIcon>
                  )}
                </li>
              ))}
            </ul>
            {all.keeps_sent !== null && <Switch mt="md" disabled={!mayWrite} label={say('keepsSent')} description={say('keepsSentLead')} checked={all.keeps_sent} onChange={(e) => keep(e.currentTarget.checked)} />}
            {all.keeps_sent !== null && mayWrite && <Command line={commandLine(['sender', 'set', address], { 'keep-sent': all.keeps_sent ? 'no' : 'yes' })} />}
          </>
        )}
      </Answered>
      {removes !== null && (
        <Confirm title={say('removeOne', { person: removes })} action={say('remove')} onDone={() => setRemoves(null)} onAct={() => remove(removes)}>
          <Command line={commandLine(['sender', 'remove', address, removes])} />
        </Confirm>
      )}
      {adds && <AddSender address={address} onClose={() => setAdds(false)} />}
    </Panel>
  )
}
