import { IconAlignCenter, IconAlignLeft, IconAlignRight, IconBlockquote, IconBold, IconClearFormatting, IconH1, IconItalic, IconLink, IconList, IconListNumbers, IconPalette, IconStrikethrough, IconUnderline, IconUnlink, type Icon } from '@chappe/kit/icons'
import { ActionIcon, Button, Group, Popover, TextInput } from '@mantine/core'
import type { Editor } from '@tiptap/core'
import { useEffect, useReducer, useState } from 'react'
import classes from './editor.module.css'
import { linkOf } from '../message/body/links'
import { useComposeTexts } from './texts'

const COLOURS = ['#b42318', '#a15c00', '#15803d', '#1a5596', '#6b21a8', '#59626f']

function Tool({ icon: Shape, label, active, onPress }: { icon: Icon; label: string; active?: boolean; onPress: () => void }) {
  return (
    <ActionIcon variant={active ? 'light' : 'subtle'} color={active ? 'blue' : 'gray'} size={30} aria-pressed={active ?? false} aria-label={label} title={label} onMouseDown={(e) => e.preventDefault()} onClick={onPress}>
      <Shape size={17} />
    </ActionIcon>
  )
}

function LinkTool({ editor }: { editor: Editor }) {
  const say = useComposeTexts()
  const [open, setOpen] = useState(false)
  const [text, setText] = useState('')
  const link = linkOf(/^[a-z]+:/i.test(text.trim()) ? text : text.includes('@') ? `mailto:${text.trim()}` : `https://${text.trim()}`)
  const begin = () => {
    setText(String(editor.getAttributes('link')['href'] ?? ''))
    setOpen(true)
  }
  const set = () => {
    if (!link || !text.trim()) return
    const at = editor.chain().focus().extendMarkRange('link')
    if (editor.state.selection.empty && !editor.isActive('link')) at.insertContent({ type: 'text', text: text.trim(), marks: [{ type: 'link', attrs: { href: link.href } }] }).run()
    else at.setLink({ href: link.href }).run()
    setOpen(false)
  }
  return (
    <Popover opened={open} onChange={setOpen} position="top" withArrow trapFocus withRoles={false}>
      <Popover.Target>
        <span>
          <Tool icon={IconLink} label={say('link')} active={editor.isActive('link')} onPress={begin} />
        </span>
      </Popover.Target>
      <Popover.Dropdown>
        <Group gap="xs" align="flex-end" wrap="nowrap">
          <TextInput label={say('link.address')} value={text} onChange={(e) => setText(e.currentTarget.value)} onKeyDown={(e) => e.key === 'Enter' && (e.preventDefault(), set())} data-autofocus />
          <Button onClick={set} disabled={!link || !text.trim()}>
            {say('link.set')}
          </Button>
        </Group>
      </Popover.Dropdown>
    </Popover>
  )
}

function ColourTool({ editor }: { editor: Editor }) {
  const say = useComposeTexts()
  const [open, setOpen] = useState(false)
  const choose = (colour: string | null) => {
    if (colour) editor.chain().focus().setColor(colour).run()
    else editor.chain().focus().unsetColor().run()
    setOpen(false)
  }
  return (
    <Popover opened={open} onChange={setOpen} position="top" withArrow trapFocus withRoles={false}>
      <Popover.Target>
        <span>
          <Tool icon={IconPalette} label={say('colour')} onPress={() => setOpen(!open)} />
        </span>
      </Popover.Target>
      <Popover.Dropdown>
        <Group gap={6}>
          {COLOURS.map((colour) => (
            <button key={colour} type="button" className={classes.colour} style={{ background: colour }} aria-label={`${say('colour')} ${colour}`} onClick={() => choose(colour)} />
          ))}
          <Tool icon={IconClearFormatting} label={say('colour.none')} onPress={() => choose(null)} />
        </Group>
      </Popover.Dropdown>
    </Popover>
  )
}

export function Toolbar({ editor }: { editor: Editor }) {
  const say = useComposeTexts()
  const [, draw] = useReducer((n: number) => n + 1, 0)
  useEffect(() => {
    editor.on('transaction', draw)
    return () => {
      editor.off('transaction', draw)
    }
  }, [editor])
  const run = () => editor.chain().focus()
  return (
    <div className={classes.tools} role="toolbar" aria-label={say('format')}>
      <Tool icon={IconBold} label={say('bold')} active={editor.isActive('bold')} onPress={() => run().toggleBold().run()} />
      <Tool icon={IconItalic} label={say('italic')} active={editor.isActive('italic')} onPress={() => run().toggleItalic().run()} />
      <Tool icon={IconUnderline} label={say('underline')} active={editor.isActive('underline')} onPress={() => run().toggleUnderline().run()} />
      <Tool icon={IconStrikethrough} label={say('strike')} active={editor.isActive('strike')} onPress={() => run().toggleStrike().run()} />
      <ColourTool editor={editor} />
      <Tool icon={IconH1} label={say('heading')} active={editor.isActive('heading')} onPress={() => run().toggleHeading({ level: 2 }).run()} />
      <Tool icon={IconList} label={say('bullets')} active={editor.isActive('bulletList')} onPress={() => run().toggleBulletList().run()} />
      <Tool icon={IconListNumbers} label={say('numbers')} active={editor.isActive('orderedList')} onPress={() => run().toggleOrderedList().run()} />
      <Tool icon={IconBlockquote} label={say('indent')} active={editor.isActive('blockquote')} onPress={() => run().toggleBlockquote().run()} />
      <Tool icon={IconAlignLeft} label={say('left')} active={editor.isActive({ textAlign: 'left' })} onPress={() => run().setTextAlign('left').run()} />
      <Tool icon={IconAlignCenter} label={say('centre')} active={editor.isActive({ textAlign: 'center' })} onPress={() => run().setTextAlign('center').run()} />
      <Tool icon={IconAlignRight} label={say('right')} active={editor.isActive({ textAlign: 'right' })} onPress={() => run().setTextAlign('right').run()} />
      <LinkTool editor={editor} />
      {editor.isActive('link') && <Tool icon={IconUnlink} label={say('unlink')} onPress={() => run().unsetLink().run()} />}
      <Tool icon={IconClearFormatting} label={say('plainly')} onPress={() => run().unsetAllMarks().clearNodes().run()} />
    </div>
  )
}
