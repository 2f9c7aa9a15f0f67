// Passwords for one program each: where, from where and until when they are good.
import { Answered, Confirm, CopyLine, Foreign, Panel, Status, useFormat, wordOf } from '@chappe/kit'
import { IconPlus } from '@chappe/kit/icons'
import { Button, Modal, MultiSelect, NumberInput, Stack, TagsInput, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { protocols } from '../protocols/data'
import { useTexts as useProtocolTexts } from '../protocols/texts'
import { appPasswordsQuery, type AppPassword } from './data'
import classes from './mailbox.module.css'
import { useOneTexts } from './texts-one'

const made = z.object({ password: z.string() })
/** None is good for the console. */
const FOR = protocols.filter((p) => p !== 'admin')
const DAYS_MAX = 3660
const SOON_MS = 7 * 86_400_000

function AddAppPassword({ address, onMade, onClose }: { address: string; onMade: (password: string) => void; onClose: () => void }) {
  const say = useOneTexts()
  const words = useProtocolTexts()
  const change = useChange()
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<string[]>([])
  const [networks, setNetworks] = useState<string[]>([])
  const [days, setDays] = useState(0)
  const body = { name, ...(chosen.length > 0 && { protocols: chosen }), ...(networks.length > 0 && { networks }), ...(days > 0 && { days }) }
  return (
    <FormDialog
      title={say('addAppPassword')}
      action={say('addAppPassword')}
      command={commandLine(['app-password', 'add', address], { name, protocols: chosen, networks, days: days || undefined })}
      onClose={onClose}
      onSubmit={async () => onMade(made.parse(await change(() => api.post(path`/users/${address}/app-passwords`, body), [['app-passwords', address]])).password)}
    >
      <TextInput label={say('appPasswordName')} required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <MultiSelect label={say('goodFor')} placeholder={chosen.length === 0 ? say('goodForAll') : ''} clearable data={FOR.map((p) => ({ value: p, label: words(`short.${p}`) }))} value={chosen} onChange={setChosen} />
      <TagsInput label={say('goodFrom')} description={say('goodFromHelp')} placeholder={networks.length === 0 ? say('goodFromAll') : ''} value={networks} onChange={setNetworks} splitChars={[',', ' ', ';']} acceptValueOnBlur />
      <NumberInput label={say('goodDays')} description={say('goodDaysHelp')} min={0} max={DAYS_MAX} allowDecimal={false} value={days} onChange={(n) => setDays(Number(n) || 0)} />
    </FormDialog>
  )
}

/** "IMAP, SMTP · 192.0.2.0/24 · until 3 May". */
function Bounds({ of }: { of: AppPassword }) {
  const say = useOneTexts()
  const words = useProtocolTexts()
  const format = useFormat()
  const left = of.expires ? new Date(of.expires).getTime() - Date.now() : Infinity
  const isForAll = FOR.every((p) => of.protocols.includes(p))
  return (
    <small>
      {isForAll ? say('goodForAll') : of.protocols.map((p) => wordOf(words, 'short', p)).join(', ')}
      {' · '}
      {of.networks.length === 0 ? say('goodFromAll') : <Foreign>{of.networks.join(', ')}</Foreign>}
      {' · '}
      {of.expires ? <Status health={left < 0 ? 'bad' : left < SOON_MS ? 'warn' : 'none'}>{left < 0 ? say('expired') : `${say('expires')} ${format.date(of.expires)}`}</Status> : say('goodForEver')}
    </small>
  )
}

export function AppPasswords({ address }: { address: string }) {
  const say = useOneTexts()
  const format = useFormat()
  const change = useChange()
  const list = useQuery(appPasswordsQuery(address))
  const [adds, setAdds] = useState(false)
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
                  <div className={classes.stack}>
                    <Foreign>{p.name}</Foreign>
                    <Bounds of={p} />
                  </div>
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
      {adds && <AddAppPassword address={address} onMade={setShown} onClose={() => setAdds(false)} />}
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
