import { Answered, Panel, tellDone } from '@chappe/kit'
import { Stack, Switch, TagsInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useMail } from '../../../jmap/mail'
import { scriptsQuery, useScriptChange, writeOwn, type Scripts } from '../rules/data'
import { isAddress, type Rules } from '../rules/model'
import { ScriptNotice } from '../rules/page'
import { SaveBar } from '../save-bar'
import { useSettingsTexts } from '../texts'
import { useForwardTexts } from './texts'

interface Fields {
  isOn: boolean
  to: string[]
  keeps: boolean
}
const fieldsOf = (r: Rules): Fields => ({ isOn: r.forward !== null, to: r.forward?.to ?? [], keeps: r.forward?.keeps ?? true })

function Form({ scripts, rules }: { scripts: Scripts; rules: Rules }) {
  const say = useForwardTexts()
  const common = useSettingsTexts()
  const { jmap } = useMail()
  const change = useScriptChange()
  const known = fieldsOf(rules)
  const [f, setFields] = useState(known)
  const put = (part: Partial<Fields>) => setFields((now) => ({ ...now, ...part }))
  const [isTried, setTried] = useState(false)
  const own = jmap.session.username.toLowerCase()
  const faultOf = (): string | undefined => {
    if (!f.isOn) return undefined
    const wrong = f.to.find((a) => !isAddress(a))
    if (wrong !== undefined) return say('wrong', { text: wrong })
    if (f.to.some((a) => a.toLowerCase() === own)) return say('own')
    return isTried && f.to.length === 0 ? say('needed') : undefined
  }
  const fault = faultOf()
  const save = async () => {
    setTried(true)
    if (fault || (f.isOn && f.to.length === 0)) return
    await change((j) => writeOwn(j, scripts, { ...rules, forward: f.isOn ? { to: f.to, keeps: f.keeps } : null }))
    setTried(false)
    tellDone(common('saved'))
  }
  const clean = (list: string[]) => [...new Set(list.map((a) => a.trim().replace(/^<|>$/g, '')).filter((a) => a !== ''))]
  return (
    <>
      <Panel title={say('forward')}>
        <Stack>
          <Switch label={say('on')} checked={f.isOn} onChange={(e) => put({ isOn: e.currentTarget.checked })} />
          {f.isOn && (
            <>
              <TagsInput label={say('to')} placeholder={f.to.length === 0 ? say('toHint') : ''} value={f.to} error={fault} onChange={(to) => put({ to: clean(to) })} splitChars={[',', ';', ' ']} acceptValueOnBlur maxTags={4} />
              <Switch label={say('keeps')} {...(!f.keeps && { description: say('keepsNot') })} checked={f.keeps} onChange={(e) => put({ keeps: e.currentTarget.checked })} />
            </>
          )}
        </Stack>
      </Panel>
      <SaveBar isDirty={JSON.stringify(f) !== JSON.stringify(known)} onSave={save} onDiscard={() => setFields(known)} />
    </>
  )
}

export default function ForwardPage() {
  const { jmap } = useMail()
  const found = useQuery(scriptsQuery(jmap))
  return (
    <Answered of={found}>
      {(scripts) => (
        <>
          <ScriptNotice scripts={scripts} />
          {scripts.rules && <Form scripts={scripts} rules={scripts.rules} />}
        </>
      )}
    </Answered>
  )
}
