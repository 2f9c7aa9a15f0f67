import { Confirm, ErrorPanel, onDemand, tellDone, useKitTexts } from '@chappe/kit'
import { Button, Group, Input, Modal, Select, Skeleton, Stack, TagsInput, TextInput } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMail } from '../../../jmap/mail'
import { htmlOfText, textOfHtml } from '../../compose/draft'
import { identitiesQuery, type Identity } from '../../compose/identities'
import { parsed } from '../../message/body/policy'
import { isAddress } from '../rules/model'
import { setOwn } from '../set'
import { useSettingsTexts } from '../texts'
import classes from './page.module.css'
import { useIdentityTexts } from './texts'

const RichText = onDemand(() => import('../../compose/editor'), <Skeleton height={160} />)
const noPicture = () => Promise.resolve(null)

interface Props {
  /** null: another one. */
  identity: Identity | null
  all: readonly Identity[]
  onClose: () => void
}

export function IdentityEditor({ identity, all, onClose }: Props) {
  const say = useIdentityTexts()
  const common = useSettingsTexts()
  const kit = useKitTexts()
  const { jmap } = useMail()
  const queries = useQueryClient()
  const isNarrow = useMediaQuery('(max-width: 700px)') ?? false
  const [name, setName] = useState(identity?.name ?? all[0]?.name ?? '')
  const [email, setEmail] = useState(identity?.email ?? all[0]?.email ?? '')
  const [replyTo, setReplyTo] = useState((identity?.replyTo ?? []).map((a) => a.email))
  const [bcc, setBcc] = useState((identity?.bcc ?? []).map((a) => a.email))
  const first = identity?.htmlSignature || (identity?.textSignature ? htmlOfText(identity.textSignature) : '')
  const [html, setHtml] = useState(first)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [removing, setRemoving] = useState(false)

  const write = async (args: Record<string, unknown>) => {
    await setOwn(jmap, 'Identity', args)
    await queries.invalidateQueries({ queryKey: identitiesQuery(jmap).queryKey })
    tellDone(common('saved'))
    onClose()
  }
  const faultOf = (list: string[]) => {
    const wrong = list.find((a) => !isAddress(a))
    return wrong === undefined ? undefined : say('wrong', { text: wrong })
  }
  const save = async () => {
    if (faultOf(replyTo) || faultOf(bcc)) return
    const addresses = (list: string[]) => (list.length > 0 ? list.map((a) => ({ name: null, email: a })) : null)
    const said = { name: name.trim(), replyTo: addresses(replyTo), bcc: addresses(bcc), htmlSignature: html, textSignature: html ? textOfHtml(html, parsed).trim() : '' }
    setBusy(true)
    setError(null)
    try {
      await write(identity ? { update: { [identity.id]: said } } : { create: { one: { ...said, email } } })
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  if (removing && identity)
    return (
      <Confirm title={say('removeTitle', { name: identity.email })} action={common('remove')} onDone={() => setRemoving(false)} onAct={() => write({ destroy: [identity.id] }).then(() => 'left')}>
        {say('removeLead')}
      </Confirm>
    )
  return (
    <Modal opened onClose={onClose} title={identity ? identity.email : say('addTitle')} size={720} fullScreen={isNarrow} closeOnClickOutside={false} closeButtonProps={{ 'aria-label': kit('close') }}>
      <Stack>
        <TextInput label={say('name')} value={name} onChange={(e) => setName(e.currentTarget.value)} maxLength={200} dir="auto" data-autofocus />
        {!identity && <Select label={say('email')} data={[...new Set(all.map((i) => i.email))]} value={email} onChange={(one) => setEmail(one ?? email)} allowDeselect={false} />}
        <div>
          <Input.Label component="div">{say('signature')}</Input.Label>
          <div className={classes.signature}>
            <RichText html={first} stamp={0} label={say('signature')} autoFocus={false} show={noPicture} onPicture={() => null} onFiles={() => undefined} onChange={setHtml} onSend={() => void save()} />
          </div>
        </div>
        <TagsInput label={say('replyTo')} description={say('replyToLead')} placeholder={replyTo.length === 0 ? say('hint') : ''} value={replyTo} error={faultOf(replyTo)} onChange={setReplyTo} splitChars={[',', ';', ' ']} acceptValueOnBlur maxTags={5} />
        <TagsInput label={say('bcc')} placeholder={bcc.length === 0 ? say('hint') : ''} value={bcc} error={faultOf(bcc)} onChange={setBcc} splitChars={[',', ';', ' ']} acceptValueOnBlur maxTags={5} />
        {error !== null && <ErrorPanel error={error} />}
        <Group justify="space-between">
          {identity?.mayDelete ? (
            <Button variant="subtle" color="red" onClick={() => setRemoving(true)}>
              {common('remove')}
            </Button>
          ) : (
            <span />
          )}
          <Group gap="xs">
            <Button variant="default" onClick={onClose}>
              {kit('cancel')}
            </Button>
            <Button loading={busy} onClick={() => void save()}>
              {common('save')}
            </Button>
          </Group>
        </Group>
      </Stack>
    </Modal>
  )
}
