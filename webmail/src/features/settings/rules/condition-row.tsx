import { editBytes, parseBytes } from '@chappe/kit'
import { IconX } from '@chappe/kit/icons'
import { ActionIcon, Select, TagsInput, TextInput } from '@mantine/core'
import { useState } from 'react'
import classes from './editor.module.css'
import { ASKED, FIELDS, hasValues, type Condition } from './model'
import { useRuleTexts } from './texts'

interface Props {
  number: number
  value: Condition
  onChange: (condition: Condition) => void
  onRemove: () => void
}

function SizeInput({ value, onChange }: Pick<Props, 'value' | 'onChange'>) {
  const say = useRuleTexts()
  const [text, setText] = useState(editBytes(Number(value.values[0] ?? 0)))
  const put = (typed: string) => {
    setText(typed)
    const bytes = parseBytes(typed)
    onChange({ ...value, values: bytes ? [String(bytes)] : [] })
  }
  return <TextInput aria-label={say('sizeValue')} placeholder={say('sizeHint')} value={text} onChange={(e) => put(e.currentTarget.value)} />
}

export function ConditionRow({ number, value, onChange, onRemove }: Props) {
  const say = useRuleTexts()
  const operators = ASKED[value.field]
  const choose = (word: string | null) => {
    const field = FIELDS.find((f) => f === word)
    if (!field || field === value.field) return
    const operator = ASKED[field].includes(value.operator) ? value.operator : (ASKED[field][0] ?? 'contains')
    const keeps = hasValues(operator) && (field === 'size') === (value.field === 'size')
    onChange({ field, operator, values: keeps ? value.values : [], ...(field === 'header' && { header: value.header ?? '' }) })
  }
  return (
    <div className={classes.condition} data-header={value.field === 'header' || undefined} role="group" aria-label={say('condition', { n: number })}>
      <Select aria-label={say('field')} data={FIELDS.map((f) => ({ value: f, label: say(`field.${f}`) }))} value={value.field} onChange={choose} allowDeselect={false} />
      {value.field === 'header' && (
        <TextInput aria-label={say('header')} placeholder="List-Id" value={value.header ?? ''} onChange={(e) => onChange({ ...value, header: e.currentTarget.value.trim() })} />
      )}
      <Select
        aria-label={say('operator')}
        data={operators.map((o) => ({ value: o, label: say(`op.${o}`) }))}
        value={value.operator}
        onChange={(word) => {
          const operator = operators.find((o) => o === word)
          if (operator) onChange({ ...value, operator, values: hasValues(operator) ? value.values : [] })
        }}
        allowDeselect={false}
      />
      {value.field === 'size' ? (
        <SizeInput value={value} onChange={onChange} />
      ) : hasValues(value.operator) ? (
        <TagsInput
          className={classes.values}
          aria-label={say('values')}
          placeholder={value.values.length === 0 ? say('valuesHint') : ''}
          value={value.values}
          onChange={(values) => onChange({ ...value, values: values.map((v) => v.trim()).filter((v) => v !== '') })}
          splitChars={[]}
          acceptValueOnBlur
          maxTags={100}
        />
      ) : null}
      <ActionIcon className={classes.drop} variant="subtle" color="gray" onClick={onRemove} aria-label={say('removeCondition', { n: number })}>
        <IconX size={16} />
      </ActionIcon>
    </div>
  )
}
