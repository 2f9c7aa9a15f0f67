import { ErrorPanel, useKitTexts } from '@chappe/kit'
import { IconPlus } from '@chappe/kit/icons'
import { Button, Modal, Select, Stack, Switch, TextInput } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useState } from 'react'
import { useSettingsTexts } from '../texts'
import { ActionRow } from './action-row'
import { ConditionRow } from './condition-row'
import classes from './editor.module.css'
import { lackOf, type Action, type Condition, type Rule } from './model'
import { useRuleTexts } from './texts'
import { TryRule } from './try'
import { inOrder, ruleText } from './write'

const MATCHES = ['all', 'any', 'always'] as const
export const NEW_RULE: Rule = { name: '', isOn: true, match: 'all', conditions: [{ field: 'from', operator: 'contains', values: [] }], actions: [{ kind: 'move' }], stops: true }

const at = <T,>(list: readonly T[], i: number, item: T): T[] => list.map((old, k) => (k === i ? item : old))
const without = <T,>(list: readonly T[], i: number): T[] => list.filter((_, k) => k !== i)

interface Props {
  rule: Rule
  isNew: boolean
  onSave: (rule: Rule) => Promise<void>
  onClose: () => void
}

export function RuleEditor({ rule: given, isNew, onSave, onClose }: Props) {
  const say = useRuleTexts()
  const common = useSettingsTexts()
  const kit = useKitTexts()
  const isNarrow = useMediaQuery('(max-width: 700px)') ?? false
  const [rule, setRule] = useState(given)
  const [isTried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const put = (part: Partial<Rule>) => setRule((now) => ({ ...now, ...part }))
  const lack = lackOf(rule)
  const save = async () => {
    setTried(true)
    if (lack) return
    setBusy(true)
    setError(null)
    try {
      await onSave({ ...rule, name: rule.name.trim(), conditions: rule.match === 'always' ? [] : rule.conditions, actions: inOrder(rule.actions) })
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  const addCondition = () => put({ conditions: [...rule.conditions, { field: 'subject', operator: 'contains', values: [] } satisfies Condition] })
  const addAction = () => put({ actions: [...rule.actions, { kind: 'read' } satisfies Action] })
  return (
    <Modal opened onClose={onClose} title={isNew ? say('new') : given.name} size={760} fullScreen={isNarrow} closeOnClickOutside={false} closeButtonProps={{ 'aria-label': kit('close') }}>
      <Stack gap="lg">
        <TextInput label={say('name')} placeholder={say('nameHint')} value={rule.name} maxLength={100} dir="auto" data-autofocus onChange={(e) => put({ name: e.currentTarget.value })} />
        <fieldset className={classes.part}>
          <legend>{say('conditions')}</legend>
          <Select
            label={say('match')}
            data={MATCHES.map((m) => ({ value: m, label: say(`match.${m}`) }))}
            value={rule.match}
            onChange={(word) => put({ match: MATCHES.find((m) => m === word) ?? 'all' })}
            allowDeselect={false}
            maw={360}
          />
          {rule.match !== 'always' && (
            <>
              {rule.conditions.map((c, i) => (
                <ConditionRow key={i} number={i + 1} value={c} onChange={(next) => put({ conditions: at(rule.conditions, i, next) })} onRemove={() => put({ conditions: without(rule.conditions, i) })} />
              ))}
              <Button variant="subtle" size="compact-sm" leftSection={<IconPlus size={15} />} onClick={addCondition} mt={4}>
                {say('addCondition')}
              </Button>
            </>
          )}
        </fieldset>
        <fieldset className={classes.part}>
          <legend>{say('actions')}</legend>
          {rule.actions.map((a, i) => (
            <ActionRow key={i} number={i + 1} value={a} onChange={(next) => put({ actions: at(rule.actions, i, next) })} onRemove={() => put({ actions: without(rule.actions, i) })} />
          ))}
          <Button variant="subtle" size="compact-sm" leftSection={<IconPlus size={15} />} onClick={addAction} mt={4}>
            {say('addAction')}
          </Button>
        </fieldset>
        <Switch label={say('stops')} checked={rule.stops} onChange={(e) => put({ stops: e.currentTarget.checked })} />
        {!lack && (
          <>
            <TryRule rule={rule} />
            <details>
              <summary>{say('script')}</summary>
              <pre className={classes.script} tabIndex={0}>
                {ruleText({ ...rule, actions: inOrder(rule.actions) })}
              </pre>
            </details>
          </>
        )}
        {error !== null && <ErrorPanel error={error} />}
        <div className={classes.foot}>
          <span className={classes.lack} role="alert">
            {isTried && lack && say(`lack.${lack}`)}
          </span>
          <Button variant="default" onClick={onClose}>
            {kit('cancel')}
          </Button>
          <Button loading={busy} onClick={() => void save()}>
            {common('save')}
          </Button>
        </div>
      </Stack>
    </Modal>
  )
}
