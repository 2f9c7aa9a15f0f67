import { Answered, Confirm, EmptyState, ErrorPanel, Foreign, Panel, tellDone } from '@chappe/kit'
import { IconAlertTriangle, IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '@chappe/kit/icons'
import { ActionIcon, Alert, Button, Switch } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMail } from '../../../jmap/mail'
import formClasses from '../form.module.css'
import { useDialog } from '../dialog'
import { activate, loadScripts, scriptsQuery, useScriptChange, writeOwn, type Scripts } from './data'
import { NEW_RULE, RuleEditor } from './editor'
import { NO_RULES, type Rule, type Rules } from './model'
import classes from './page.module.css'
import { ScriptList } from './scripts'
import { RuleSummary } from './summary'
import { useRuleTexts } from './texts'

interface RowProps {
  rule: Rule
  isFirst: boolean
  isLast: boolean
  onMove: (by: -1 | 1) => void
  onToggle: () => void
  onEdit: () => void
  onRemove: () => void
}

function RuleRow({ rule, isFirst, isLast, onMove, onToggle, onEdit, onRemove }: RowProps) {
  const say = useRuleTexts()
  const { name } = rule
  return (
    <li className={classes.rule} data-off={!rule.isOn || undefined}>
      <Switch checked={rule.isOn} onChange={onToggle} aria-label={say('on.label', { name })} />
      <button type="button" className={classes.text} onClick={onEdit} title={say('editOne', { name })}>
        <b>
          <Foreign>{name}</Foreign>
        </b>
        <div className={formClasses.note}>
          <RuleSummary rule={rule} />
        </div>
      </button>
      <div className={classes.tools}>
        <ActionIcon variant="subtle" color="gray" disabled={isFirst} onClick={() => onMove(-1)} aria-label={say('up', { name })}>
          <IconArrowUp size={17} />
        </ActionIcon>
        <ActionIcon variant="subtle" color="gray" disabled={isLast} onClick={() => onMove(1)} aria-label={say('down', { name })}>
          <IconArrowDown size={17} />
        </ActionIcon>
        <ActionIcon variant="subtle" color="gray" onClick={onRemove} aria-label={say('removeOne', { name })}>
          <IconTrash size={17} />
        </ActionIcon>
      </div>
    </li>
  )
}

/** Another script runs, or ours cannot be read any more. */
export function ScriptNotice({ scripts }: { scripts: Scripts }) {
  const say = useRuleTexts()
  const change = useScriptChange()
  const [error, setError] = useState<unknown>(null)
  const [asks, setAsks] = useState(false)
  const active = scripts.others.find((s) => s.isActive)
  const takeOver = () =>
    change(async (jmap) => {
      if (!scripts.own) await writeOwn(jmap, scripts, NO_RULES)
      const { own } = await loadScripts(jmap)
      if (own) await activate(jmap, own.id)
    }).catch(setError)
  if (scripts.rules === null)
    return (
      <Alert color="yellow" icon={<IconAlertTriangle />} title={say('changed')}>
        {say('changedLead')}
        <div>
          <Button variant="default" size="compact-sm" mt={10} onClick={() => setAsks(true)}>
            {say('anew')}
          </Button>
        </div>
        {asks && (
          <Confirm title={say('anew')} action={say('anew')} onDone={() => setAsks(false)} onAct={() => change((jmap) => writeOwn(jmap, scripts, NO_RULES))}>
            {say('anewLead')}
          </Confirm>
        )}
      </Alert>
    )
  if (!active) return null
  return (
    <Alert color="yellow" icon={<IconAlertTriangle />} title={say('foreignActive', { name: active.name })}>
      {say('foreignActiveLead')}
      <div>
        <Button variant="default" size="compact-sm" mt={10} onClick={() => void takeOver()}>
          {say('useOurs')}
        </Button>
      </div>
      {error !== null && <ErrorPanel error={error} />}
    </Alert>
  )
}

function List({ scripts, rules }: { scripts: Scripts; rules: Rules }) {
  const say = useRuleTexts()
  const { jmap } = useMail()
  const queries = useQueryClient()
  const change = useScriptChange()
  const [error, setError] = useState<unknown>(null)
  const [dialog, setDialog] = useDialog()
  const open = dialog === 'add' ? -1 : /^rule \d+$/.test(dialog ?? '') ? Number(dialog?.slice(5)) : null
  const shown = open === null ? undefined : open < 0 ? NEW_RULE : rules.rules[open]

  /** Shows the new order of things at once; the server's word follows. */
  const write = async (next: Rule[]) => {
    queries.setQueryData(scriptsQuery(jmap).queryKey, { ...scripts, rules: { ...rules, rules: next } })
    setError(null)
    await change((j) => writeOwn(j, scripts, { ...rules, rules: next }))
  }
  const quick = (next: Rule[]) => void write(next).catch(setError)
  const all = rules.rules
  const move = (i: number, by: -1 | 1) => {
    const next = [...all]
    next.splice(i + by, 0, ...next.splice(i, 1))
    quick(next)
  }
  const add = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setDialog('add')}>
      {say('add')}
    </Button>
  )
  return (
    <>
      {error !== null && <ErrorPanel error={error} />}
      {all.length === 0 ? (
        <Panel>
          <EmptyState title={say('none')} action={add}>
            {say('noneLead')}
          </EmptyState>
        </Panel>
      ) : (
        <>
          <div>{add}</div>
          <Panel flush>
            <ol className={formClasses.rows}>
              {all.map((rule, i) => (
                <RuleRow
                  key={`${rule.name} ${all.slice(0, i).filter((r) => r.name === rule.name).length}`}
                  rule={rule}
                  isFirst={i === 0}
                  isLast={i === all.length - 1}
                  onMove={(by) => move(i, by)}
                  onToggle={() => quick(all.map((r, k) => (k === i ? { ...r, isOn: !r.isOn } : r)))}
                  onEdit={() => setDialog(`rule ${i}`)}
                  onRemove={() => quick(all.filter((_, k) => k !== i))}
                />
              ))}
            </ol>
          </Panel>
        </>
      )}
      {shown && open !== null && (
        <RuleEditor
          key={open}
          rule={shown}
          isNew={open < 0}
          onClose={() => setDialog(undefined)}
          onSave={async (rule) => {
            await write(open < 0 ? [...all, rule] : all.map((r, k) => (k === open ? rule : r)))
            tellDone(say('saved'))
            setDialog(undefined)
          }}
        />
      )}
    </>
  )
}

export default function RulesPage() {
  const { jmap } = useMail()
  const found = useQuery(scriptsQuery(jmap))
  return (
    <Answered of={found}>
      {(scripts) => (
        <>
          <ScriptNotice scripts={scripts} />
          {scripts.rules && <List scripts={scripts} rules={scripts.rules} />}
          <ScriptList scripts={[...(scripts.own && !scripts.rules ? [scripts.own] : []), ...scripts.others]} />
        </>
      )}
    </Answered>
  )
}
