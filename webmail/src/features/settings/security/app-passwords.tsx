import { Answered, Confirm, CopyLine, Foreign, Panel, tellDone, useFormat, useKitTexts, wordOf } from '@chappe/kit'
import { IconKey, IconPlus } from '@chappe/kit/icons'
import { Button, Checkbox, Group, Modal, Select, Stack, TagsInput, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMail } from '../../../jmap/mail'
import { useSettingsTexts } from '../texts'
import { appPasswordsQuery, makeAppPassword, PROTOCOLS, remove, type AppPassword } from './data'
import { FormDialog } from './form-dialog'
import { useGuard } from './guard'
import classes from './security.module.css'
import { useSecurityTexts } from './texts'

const DAYS = ['0', '30', '90', '365'] as const

function Add({ onClose }: { onClose: () => void }) {
  const say = useSecurityTexts()
  const common = useSettingsTexts()
  const kit = useKitTexts()
  const { jmap } = useMail()
  const queries = useQueryClient()
  const { guarded, asking } = useGuard()
  const [name, setName] = useState('')
  const [protocols, setProtocols] = useState<string[]>(['imap', 'smtp'])
  const [networks, setNetworks] = useState<string[]>([])
  const [days, setDays] = useState<(typeof DAYS)[number]>('0')
  const [made, setMade] = useState<string | null>(null)
  const submit = async () => {
    const password = await guarded(() => makeAppPassword(jmap, { name: name.trim(), protocols, ...(networks.length > 0 && { networks }), ...(days !== '0' && { days: Number(days) }) }))
    await queries.invalidateQueries({ queryKey: appPasswordsQuery(jmap).queryKey })
    setMade(password)
  }
  if (made)
    return (
      <Modal opened onClose={onClose} title={say('appMade')} closeOnClickOutside={false} closeButtonProps={{ 'aria-label': kit('close') }}>
        <Stack>
          <Text size="sm">{say('appMadeLead')}</Text>
          <CopyLine text={made} label={say('appShown', { name })} wrap />
          <Group justify="flex-end">
            <Button onClick={onClose}>{common('done')}</Button>
          </Group>
        </Stack>
      </Modal>
    )
  return (
    <>
      <FormDialog title={say('addApp')} action={say('make')} onClose={onClose} onSubmit={submit}>
        <TextInput label={say('appName')} placeholder={say('appNameHint')} value={name} onChange={(e) => setName(e.currentTarget.value)} required maxLength={60} data-autofocus />
        <Checkbox.Group label={say('appProtocols')} value={protocols} onChange={setProtocols}>
          <Stack gap={8} mt={8}>
            {PROTOCOLS.map((p) => (
              <Checkbox key={p} value={p} label={say(`protocol.${p}`)} />
            ))}
          </Stack>
        </Checkbox.Group>
        <Select
          label={say('appDays')}
          data={DAYS.map((d) => ({ value: d, label: say(`days.${d}`) }))}
          value={days}
          onChange={(word) => setDays(DAYS.find((d) => d === word) ?? '0')}
          allowDeselect={false}
        />
        <TagsInput label={say('appNetworks')} description={say('appNetworksLead')} placeholder={networks.length === 0 ? '192.0.2.0/24' : ''} value={networks} onChange={setNetworks} splitChars={[',', ' ']} acceptValueOnBlur maxTags={16} />
      </FormDialog>
      {asking}
    </>
  )
}

function AppRow({ of, onRemove }: { of: AppPassword; onRemove: () => void }) {
  const say = useSecurityTexts()
  const format = useFormat()
  const facts = [
    of.protocols.map((p) => wordOf(say, 'protocol', p)).join(', '),
    of.lastUsed ? say('lastUsed', { when: format.ago(of.lastUsed) }) : say('neverUsed'),
    ...(of.expires ? [say('expires', { when: format.date(of.expires) })] : []),
    ...(of.networks && of.networks.length > 0 ? [say('from', { networks: of.networks.join(', ') })] : []),
  ]
  return (
    <li>
      <IconKey size={20} className={classes.icon} aria-hidden />
      <div className={classes.what}>
        <Foreign>{of.name}</Foreign>
        <small>{facts.join(' · ')}</small>
      </div>
      <Button variant="subtle" color="red" size="compact-sm" onClick={onRemove}>
        {say('remove')}
      </Button>
    </li>
  )
}

export function AppPasswords({ isAdding, onAdding }: { isAdding: boolean; onAdding: (yes: boolean) => void }) {
  const say = useSecurityTexts()
  const { jmap } = useMail()
  const queries = useQueryClient()
  const { guarded, asking } = useGuard()
  const found = useQuery(appPasswordsQuery(jmap))
  const [removes, setRemoves] = useState<AppPassword | null>(null)
  const take = async (one: AppPassword) => {
    await guarded(() => remove(jmap, 'AppPassword', [one.id]))
    await queries.invalidateQueries({ queryKey: appPasswordsQuery(jmap).queryKey })
    tellDone(say('removed'))
  }
  return (
    <Panel
      title={say('apps')}
      actions={
        <Button variant="default" size="compact-sm" leftSection={<IconPlus size={15} />} onClick={() => onAdding(true)}>
          {say('addApp')}
        </Button>
      }
    >
      <Text size="sm" c="dimmed">
        {say('appsLead')}
      </Text>
      <Answered of={found} lines={2}>
        {(all) =>
          all.length === 0 ? (
            <Text size="sm" mt={10}>
              {say('noApps')}
            </Text>
          ) : (
            <ul className={classes.rows}>
              {all.map((a) => (
                <AppRow key={a.id} of={a} onRemove={() => setRemoves(a)} />
              ))}
            </ul>
          )
        }
      </Answered>
      {isAdding && <Add onClose={() => onAdding(false)} />}
      {removes && (
        <Confirm title={say('removeApp', { name: removes.name })} action={say('remove')} onDone={() => setRemoves(null)} onAct={() => take(removes)}>
          {say('removeAppLead')}
        </Confirm>
      )}
      {asking}
    </Panel>
  )
}
