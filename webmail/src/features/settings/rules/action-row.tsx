import { IconX } from '@chappe/kit/icons'
import { ActionIcon, Select, Textarea, TextInput } from '@mantine/core'
import { useMail } from '../../../jmap/mail'
import { storedPath } from '../../folders/order'
import { FolderSelect } from '../../folders/select'
import classes from './editor.module.css'
import { ACTIONS, type Action } from './model'
import { useRuleTexts } from './texts'

interface Props {
  number: number
  value: Action
  onChange: (action: Action) => void
  onRemove: () => void
}

function What({ value, onChange }: Pick<Props, 'value' | 'onChange'>) {
  const say = useRuleTexts()
  const { own } = useMail()
  switch (value.kind) {
    case 'move':
    case 'copy':
      return <FolderSelect store={own} label={say('folder')} isLabelHidden value={value.folder?.id ?? null} onChange={(m) => m && onChange({ ...value, folder: { id: m.id, path: storedPath(own, m) } })} />
    case 'forward':
    case 'redirect':
      return <TextInput type="email" aria-label={say('address')} placeholder="name@example.org" value={value.text ?? ''} onChange={(e) => onChange({ ...value, text: e.currentTarget.value.trim() })} />
    case 'label':
      return <TextInput aria-label={say('label')} value={value.text ?? ''} maxLength={50} onChange={(e) => onChange({ ...value, text: e.currentTarget.value.trim() })} />
    case 'reject':
      return <Textarea aria-label={say('words')} autosize minRows={2} maxRows={6} maxLength={500} value={value.text ?? ''} onChange={(e) => onChange({ ...value, text: e.currentTarget.value })} />
    default:
      return null
  }
}

export function ActionRow({ number, value, onChange, onRemove }: Props) {
  const say = useRuleTexts()
  return (
    <div className={classes.action} role="group" aria-label={say('action', { n: number })}>
      <Select
        aria-label={say('what')}
        data={ACTIONS.map((a) => ({ value: a, label: say(`do.${a}`) }))}
        value={value.kind}
        onChange={(word) => {
          const kind = ACTIONS.find((a) => a === word)
          if (kind && kind !== value.kind) onChange({ kind, ...(value.folder && (kind === 'move' || kind === 'copy') && { folder: value.folder }) })
        }}
        allowDeselect={false}
        maxDropdownHeight={320}
      />
      <What value={value} onChange={onChange} />
      <ActionIcon className={classes.drop} variant="subtle" color="gray" onClick={onRemove} aria-label={say('removeAction', { n: number })}>
        <IconX size={16} />
      </ActionIcon>
    </div>
  )
}
