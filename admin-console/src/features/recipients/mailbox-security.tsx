import { Answered, Confirm, CopyLine, Foreign, Panel, useFormat, wordOf } from '@chappe/kit'
import { IconPlus } from '@chappe/kit/icons'
import { Button, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { useMay } from '../../app/session'
import { Factors } from '../account/factors'
import { grantsQuery } from '../delegation/data'
import { useRoleTexts } from '../delegation/roles'
import { appPasswordsQuery, type UserDetails } from './data'
import classes from './mailbox.module.css'
import { Sessions } from './sessions'
import { useOneTexts } from './texts-one'

const made = z.object({ password: z.string() })

function AppPasswords({ address }: { address: string }) {
  const say = useOneTexts()
  const format = useFormat()
  const change = useChange()
  const list = useQuery(appPasswordsQuery(address))
  const [adds, setAdds] = useState(false)
  const [name, setName] = useState('')
  const [shown, setShown] = useState<string | null>(null)
  const [removes, setRemoves] = useState<string | null>(null)
  return (
    <Panel
      title={say('appPasswords')}
      actions={
        <Button size="xs" leftSection={<IconPlus size={15} />} onClick={() => setAdds(true)}>
          {say('addAppPassword')}
        </Button>
      }
    >
      <Text size="sm" c="dimmed">
        {say('appPasswordLead')}
      </Text>
      <Answered of={list}>
        {(all) =>
          all.length === 0 ? (
            <p className={classes.none}>{say('noAppPasswords')}</p>
          ) : (
            <ul className={classes.list}>
              {all.map((p) => (
                <li key={p.name}>
                  <Foreign>{p.name}</Foreign>
                  <small>
                    {say('lastUsed')}: {p.last_used ? format.ago(p.last_used) : say('never')}
                  </small>
                  <Button size="compact-xs" variant="subtle" color="red" onClick={() => setRemoves(p.name)}>
                    {say('remove')}
                  </Button>
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
      {adds && (
        <FormDialog
          title={say('addAppPassword')}
          action={say('addAppPassword')}
          command={commandLine(['app-password', 'add', address], { name })}
          onClose={() => setAdds(false)}
          onSubmit={async () => setShown(made.parse(await change(() => api.post(path`/users/${address}/app-passwords`, { name }), [['app-passwords', address]])).password)}
        >
          <TextInput label={say('appPasswordName')} required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
        </FormDialog>
      )}
      {shown !== null && (
        <Modal opened onClose={() => setShown(null)} title={say('appPasswords')}>
          <Stack gap="xs">
            <Text size="sm">{say('appPasswordShown')}</Text>
            <CopyLine text={shown} label={say('appPasswords')} />
          </Stack>
        </Modal>
      )}
      {removes !== null && (
        <Confirm title={say('remove')} action={say('remove')} onDone={() => setRemoves(null)} onAct={() => change(() => api.delete(path`/users/${address}/app-passwords/${removes}`), [['app-passwords', address]])}>
          <p>
            <Foreign>{removes}</Foreign>
          </p>
          <Command line={commandLine(['app-password', 'remove', address, removes])} />
        </Confirm>
      )}
    </Panel>
  )
}

function Grants({ address }: { address: string }) {
  const say = useOneTexts()
  const role = useRoleTexts()
  const format = useFormat()
  const list = useQuery(grantsQuery(address))
  return (
    <Panel title={say('grants')}>
      <Answered of={list}>
        {(all) =>
          all.length === 0 ? (
            <p className={classes.none}>{say('noGrants')}</p>
          ) : (
            <ul className={classes.list}>
              {all.map((g) => (
                <li key={g.id}>
                  <span>
                    {wordOf(role, 'role', g.role)} · {wordOf(role, 'scope', g.scope)} <Foreign>{g.object}</Foreign>
                  </span>
                  {g.until && (
                    <small>
                      {say('expires')} {format.date(g.until)}
                    </small>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
    </Panel>
  )
}

export function SecurityTab({ user }: { user: UserDetails }) {
  const mayPassword = useMay('password.write')
  const mayDelegation = useMay('delegation.read')
  return (
    <div className={classes.two}>
      {mayPassword && <AppPasswords address={user.address} />}
      <Factors address={user.address} mayRemove={mayPassword} />
      <Sessions address={user.address} />
      {mayDelegation && <Grants address={user.address} />}
    </div>
  )
}
