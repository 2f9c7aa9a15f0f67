import { Answered, Foreign, Panel } from '@chappe/kit'
import { IconPencil, IconPlus } from '@chappe/kit/icons'
import { ActionIcon, Button, Radio, Switch, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMail } from '../../../jmap/mail'
import { identitiesQuery, type Identity } from '../../compose/identities'
import { choose, useChoices } from '../../mail/choices'
import { useDialog } from '../dialog'
import formClasses from '../form.module.css'
import { IdentityEditor } from './editor'
import { useIdentityTexts } from './texts'

function IdentityRow({ identity, isDefault, onEdit }: { identity: Identity; isDefault: boolean; onEdit: () => void }) {
  const say = useIdentityTexts()
  const { email, name } = identity
  return (
    <li className={formClasses.line}>
      <Radio name="default-identity" checked={isDefault} onChange={() => choose({ identity: identity.id })} aria-label={say('defaultOne', { name: email })} />
      <div className={formClasses.grow}>
        <Foreign>{name || email}</Foreign>
        <div className={formClasses.note}>
          <Foreign>{email}</Foreign> · <Foreign>{identity.textSignature.split('\n')[0] || say('noSignature')}</Foreign>
        </div>
      </div>
      <ActionIcon variant="default" size="lg" onClick={onEdit} aria-label={say('editOne', { name: email })}>
        <IconPencil size={17} />
      </ActionIcon>
    </li>
  )
}

export default function IdentitiesPage() {
  const say = useIdentityTexts()
  const { jmap } = useMail()
  const { identity: wanted, signsReplies } = useChoices()
  const found = useQuery(identitiesQuery(jmap))
  const [dialog, setDialog] = useDialog()
  const all = found.data ?? []
  const chosen = all.find((i) => i.id === wanted) ?? all[0]
  const edited = dialog?.startsWith('identity ') ? all.find((i) => i.id === dialog.slice(9)) : undefined
  return (
    <>
      <Panel
        title={say('identities')}
        flush
        actions={
          <Button variant="default" size="compact-sm" leftSection={<IconPlus size={15} />} onClick={() => setDialog('add')}>
            {say('add')}
          </Button>
        }
      >
        <Text size="sm" c="dimmed" px={16} pt={4} pb={10}>
          {say('default')}. {say('defaultLead')}
        </Text>
        <Answered of={found} lines={2}>
          {() => (
            <ul className={formClasses.rows}>
              {all.map((i) => (
                <IdentityRow key={i.id} identity={i} isDefault={i === chosen} onEdit={() => setDialog(`identity ${i.id}`)} />
              ))}
            </ul>
          )}
        </Answered>
      </Panel>
      <Panel title={say('signatures')}>
        <Switch label={say('signsReplies')} checked={signsReplies} onChange={(e) => choose({ signsReplies: e.currentTarget.checked })} />
      </Panel>
      {found.data && (edited || dialog === 'add') && <IdentityEditor key={dialog} identity={edited ?? null} all={all} onClose={() => setDialog(undefined)} />}
    </>
  )
}
