import { Answered, Confirm, Copy, Facts, Foreign, Panel } from '@chappe/kit'
import { IconPlus, IconTrash } from '@chappe/kit/icons'
import { ActionIcon, Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { useMay } from '../../app/session'
import { aliasesQuery, type UserDetails } from './data'
import classes from './mailbox.module.css'
import { useTexts } from './texts'
import { useOneTexts } from './texts-one'

function AddAlias({ target, onClose }: { target: string; onClose: () => void }) {
  const say = useOneTexts()
  const words = useTexts()
  const change = useChange()
  const [address, setAddress] = useState('')
  return (
    <FormDialog
      title={say('addAlias')}
      action={say('addAlias')}
      command={commandLine(['alias', 'add', address, target])}
      onClose={onClose}
      onSubmit={() => change(() => api.post('/aliases', { address, target }), [['aliases'], ['users']], say('aliasAdded', { address }))}
    >
      <TextInput label={words('address')} type="email" required data-autofocus value={address} onChange={(e) => setAddress(e.currentTarget.value.trim())} />
    </FormDialog>
  )
}

export function AddressesTab({ user }: { user: UserDetails }) {
  const say = useOneTexts()
  const mayWrite = useMay('recipient.write')
  const change = useChange()
  const aliases = useQuery(aliasesQuery({ organisation: user.organisation ?? undefined, target: user.address }))
  const [adds, setAdds] = useState(false)
  const [removes, setRemoves] = useState<string | null>(null)
  return (
    <Panel
      title={say('tab.addresses')}
      actions={
        mayWrite && (
          <Button size="xs" leftSection={<IconPlus size={15} />} onClick={() => setAdds(true)}>
            {say('addAlias')}
          </Button>
        )
      }
    >
      <Facts rows={[[say('primary'), <><Foreign>{user.address}</Foreign> <Copy text={user.address} /></>]]} />
      <h3>{say('aliases')}</h3>
      <Answered of={aliases}>
        {(own) => {
          if (own.length === 0) return <p className={classes.none}>{say('noAliases')}</p>
          return (
            <ul className={classes.list}>
              {own.map((a) => (
                <li key={a.address}>
                  <Foreign>{a.address}</Foreign>
                  {a.target.length > 1 && (
                    <small>
                      {say('target')} <Foreign>{a.target.join(', ')}</Foreign>
                    </small>
                  )}
                  {mayWrite && (
                    <ActionIcon variant="subtle" color="red" aria-label={say('removeAlias', { address: a.address })} onClick={() => setRemoves(a.address)}>
                      <IconTrash size={17} />
                    </ActionIcon>
                  )}
                </li>
              ))}
            </ul>
          )
        }}
      </Answered>
      {adds && <AddAlias target={user.address} onClose={() => setAdds(false)} />}
      {removes !== null && (
        <Confirm title={say('removeAlias', { address: removes })} action={say('remove')} onDone={() => setRemoves(null)} onAct={() => change(() => api.delete(path`/aliases/${removes}`), [['aliases'], ['users']], say('aliasRemoved', { address: removes }))}>
          <p>{say('remove.other')}</p>
          <Command line={commandLine(['alias', 'remove', removes])} />
        </Confirm>
      )}
    </Panel>
  )
}
