import { Answered, Panel, Status, tellDone, useFormat } from '@chappe/kit'
import { Radio, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMail } from '../../../jmap/mail'
import classes from '../form.module.css'
import { SaveBar } from '../save-bar'
import { setOwn } from '../set'
import { useSettingsTexts } from '../texts'
import { localOf, outsideOf, replyQuery, utcOf, type Outside, type Reply } from './data'
import { useReplyTexts } from './texts'

interface Fields {
  isEnabled: boolean
  from: string
  until: string
  subject: string
  text: string
  outside: Outside
  outsideText: string
}
const OUTSIDE: Outside[] = ['same', 'other', 'none']

// The server does not keep a reply that is switched off: its words wait here for the next time.
const KEPT = 'chappe.reply'
interface Words {
  subject: string
  text: string
  outside: Outside
  outsideText: string
}
function keptWords(account: string): Partial<Words> {
  try {
    const kept = JSON.parse(localStorage.getItem(`${KEPT}.${account}`) ?? '{}') as Partial<Record<keyof Words, unknown>>
    const text = (value: unknown) => (typeof value === 'string' ? value : '')
    return { subject: text(kept.subject), text: text(kept.text), outside: OUTSIDE.find((o) => o === kept.outside) ?? 'same', outsideText: text(kept.outsideText) }
  } catch {
    return {}
  }
}

function fieldsOf(reply: Reply, account: string): Fields {
  const off = { isEnabled: false, from: '', until: '', subject: '', text: '', outside: 'same' as const, outsideText: '' }
  if (!reply.isEnabled) return { ...off, ...keptWords(account) }
  return {
    isEnabled: true,
    from: localOf(reply.fromDate),
    until: localOf(reply.toDate),
    subject: reply.subject ?? '',
    text: reply.textBody ?? '',
    outside: outsideOf(reply.outsideTextBody),
    outsideText: reply.outsideTextBody ?? '',
  }
}

function wireOf(f: Fields): Partial<Reply> {
  if (!f.isEnabled) return { isEnabled: false }
  return {
    isEnabled: true,
    fromDate: utcOf(f.from),
    toDate: utcOf(f.until),
    subject: f.subject.trim() || null,
    textBody: f.text,
    outsideTextBody: f.outside === 'same' ? null : f.outside === 'none' ? '' : f.outsideText,
  }
}

function Now({ reply }: { reply: Reply }) {
  const say = useReplyTexts()
  const format = useFormat()
  const now = Date.now()
  if (!reply.isEnabled || (reply.toDate && Date.parse(reply.toDate) < now)) return <Status health="none">{say('off')}</Status>
  if (reply.fromDate && Date.parse(reply.fromDate) > now) return <Status health="warn">{say('later', { when: format.dateTime(reply.fromDate) })}</Status>
  return <Status health="good">{say('on')}</Status>
}

function Form({ reply }: { reply: Reply }) {
  const say = useReplyTexts()
  const common = useSettingsTexts()
  const { jmap } = useMail()
  const queries = useQueryClient()
  const [known, setKnown] = useState(() => fieldsOf(reply, jmap.ownAccount))
  const [f, setFields] = useState(known)
  const put = (part: Partial<Fields>) => setFields((now) => ({ ...now, ...part }))
  const isDirty = JSON.stringify(f) !== JSON.stringify(known)
  const order = f.from && f.until && f.until <= f.from ? say('order') : f.until && Date.parse(f.until) < Date.now() ? say('past') : undefined
  const [isTried, setTried] = useState(false)
  const lacks = (text: string) => (isTried && text.trim() === '' ? say('needed') : undefined)
  const save = async () => {
    setTried(true)
    if (f.isEnabled && (f.text.trim() === '' || (f.outside === 'other' && f.outsideText.trim() === '') || (f.until && f.until <= f.from))) return
    await setOwn(jmap, 'VacationResponse', { update: { singleton: wireOf(f) } })
    const { subject, text, outside, outsideText } = f
    localStorage.setItem(`${KEPT}.${jmap.ownAccount}`, JSON.stringify({ subject, text, outside, outsideText }))
    setKnown(f)
    setTried(false)
    tellDone(common('saved'))
    await queries.invalidateQueries({ queryKey: replyQuery(jmap).queryKey })
  }
  return (
    <>
      <Panel title={<Now reply={reply} />}>
        <Switch label={say('enabled')} checked={f.isEnabled} onChange={(e) => put({ isEnabled: e.currentTarget.checked })} />
      </Panel>
      {f.isEnabled && (
        <>
          <Panel title={say('when')}>
            <div className={classes.pair}>
              <TextInput type="datetime-local" label={say('from')} value={f.from} onChange={(e) => put({ from: e.currentTarget.value })} />
              <TextInput type="datetime-local" label={say('until')} value={f.until} error={order} onChange={(e) => put({ until: e.currentTarget.value })} />
            </div>
            <Text size="xs" c="dimmed" mt={6}>
              {say('open')}
            </Text>
          </Panel>
          <Panel title={say('inside')}>
            <Stack>
              <TextInput label={say('subject')} description={say('subjectLead')} value={f.subject} maxLength={200} dir="auto" onChange={(e) => put({ subject: e.currentTarget.value })} />
              <Textarea label={say('text')} value={f.text} error={lacks(f.text)} required minRows={5} autosize maxRows={16} maxLength={5000} dir="auto" onChange={(e) => put({ text: e.currentTarget.value })} />
            </Stack>
          </Panel>
          <Panel title={say('outside')}>
            <Radio.Group value={f.outside} onChange={(value) => put({ outside: OUTSIDE.find((o) => o === value) ?? 'same' })} aria-label={say('outside')}>
              <Stack gap={10}>
                {OUTSIDE.map((o) => (
                  <Radio key={o} value={o} label={say(`outside.${o}`)} />
                ))}
              </Stack>
            </Radio.Group>
            {f.outside === 'other' && (
              <Textarea mt="md" label={say('outsideText')} value={f.outsideText} error={lacks(f.outsideText)} required minRows={5} autosize maxRows={16} maxLength={5000} dir="auto" onChange={(e) => put({ outsideText: e.currentTarget.value })} />
            )}
          </Panel>
        </>
      )}
      <SaveBar isDirty={isDirty} onSave={save} onDiscard={() => setFields(known)} />
    </>
  )
}

export default function ReplyPage() {
  const { jmap } = useMail()
  const found = useQuery({ ...replyQuery(jmap), refetchOnWindowFocus: false })
  return <Answered of={found}>{(reply) => <Form reply={reply} />}</Answered>
}
