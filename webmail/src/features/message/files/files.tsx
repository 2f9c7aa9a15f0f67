// What is attached to a message: looked at in a frame that runs nothing, or saved. Nothing of it is ever opened in this page.
import { Foreign, tellTrouble, useFormat, useKitTexts, errorWords, onDemand } from '@chappe/kit'
import { IconDownload, IconEye, IconFile, IconPaperclip, IconPhoto } from '@chappe/kit/icons'
import { ActionIcon, Button, Loader, Modal } from '@mantine/core'
import { useEffect, useMemo, useState } from 'react'
import type { Jmap } from '../../../jmap/client'
import type { Message, Part } from '../../../jmap/wire'
import { isPicture } from '../body/pictures'
import classes from './files.module.css'
import { useFilesTexts } from './texts'
import { plainName, zip } from './zip'

const Pdf = onDemand(() => import('./pdf'))
const PDF = /^application\/(?:x-)?pdf$/i
/** What is said of it stands above the text. */
const SIGNATURE = /^application\/(?:(?:x-)?pkcs7|pgp)-signature$/i
const LOOK_MAX = 20 << 20
const TEXT_MAX = 1 << 20
const ZIP_MAX = 500 << 20
const TEXTS = /^(?:text\/(?:plain|csv|markdown|x-[\w-]+|calendar|vcard)|application\/(?:json|xml)|message\/rfc822)$/i

const shownName = (part: Part): string => part.name?.replace(/[\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '') || (part.type === 'message/rfc822' ? 'message.eml' : 'file')

export function save(url: string, name: string): void {
  const a = document.createElement('a')
  a.href = url
  a.download = plainName(name, new Set())
  a.rel = 'noopener'
  document.body.append(a)
  a.click()
  a.remove()
}

async function bytesOf(jmap: Jmap, accountId: string, part: Part): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await fetch(jmap.downloadUrl(accountId, part.blobId ?? '', 'file'), { credentials: 'same-origin' })
  if (!answer.ok) throw new Error(String(answer.status))
  return new Uint8Array(await answer.arrayBuffer())
}

function Look({ jmap, accountId, part, onClose }: { jmap: Jmap; accountId: string; part: Part; onClose: () => void }) {
  const say = useFilesTexts()
  const kit = useKitTexts()
  const [shown, setShown] = useState<{ picture?: string; text?: string; pdf?: ArrayBuffer } | 'failed' | null>(null)
  useEffect(() => {
    let gone = false
    void bytesOf(jmap, accountId, part)
      .then(async (bytes) => {
        if (PDF.test(part.type)) return { pdf: bytes.buffer }
        if (!isPicture(part.type)) return { text: new TextDecoder(part.charset || 'utf-8').decode(bytes.subarray(0, TEXT_MAX)) }
        const reader = new FileReader()
        reader.readAsDataURL(new Blob([bytes], { type: part.type }))
        await new Promise((go) => (reader.onloadend = go))
        return { picture: String(reader.result) }
      })
      .then((found) => !gone && setShown(found))
      .catch(() => !gone && setShown('failed'))
    return () => {
      gone = true
    }
  }, [jmap, accountId, part])
  return (
    <Modal opened onClose={onClose} size="xl" title={<Foreign>{shownName(part)}</Foreign>} closeButtonProps={{ 'aria-label': kit('close') }}>
      {shown === null && <Loader size="sm" />}
      {shown === 'failed' && say('failed')}
      {shown !== null && shown !== 'failed' && shown.picture && <img className={classes.picture} src={shown.picture} alt={shownName(part)} />}
      {shown !== null && shown !== 'failed' && shown.pdf && <Pdf bytes={shown.pdf} name={shownName(part)} />}
      {shown !== null && shown !== 'failed' && shown.text !== undefined && (
        <pre className={classes.text} dir="auto" tabIndex={0}>
          {shown.text}
        </pre>
      )}
    </Modal>
  )
}

/** All that is attached, but for pictures that the text itself shows (`inText`: their Content-IDs). */
export function Files({ jmap, accountId, message, inText = [] }: { jmap: Jmap; accountId: string; message: Message; inText?: readonly string[] }) {
  const say = useFilesTexts()
  const kit = useKitTexts()
  const format = useFormat()
  const [look, setLook] = useState<Part | null>(null)
  const [busy, setBusy] = useState(false)
  const parts = useMemo(() => message.attachments.filter((p) => p.blobId && !SIGNATURE.test(p.type) && !(p.cid && inText.includes(p.cid))), [message, inText])
  if (parts.length === 0) return null
  const total = parts.reduce((sum, p) => sum + p.size, 0)
  const one = (part: Part) => save(jmap.downloadUrl(accountId, part.blobId ?? '', shownName(part)), shownName(part))
  const all = async () => {
    setBusy(true)
    try {
      const files = []
      for (const part of parts) files.push({ name: shownName(part), bytes: await bytesOf(jmap, accountId, part) })
      const url = URL.createObjectURL(zip(files))
      save(url, `${message.subject?.slice(0, 60) || 'files'}.zip`)
      setTimeout(() => URL.revokeObjectURL(url), 60_000)
    } catch (cause) {
      tellTrouble(say('failed'), errorWords(cause, kit))
    } finally {
      setBusy(false)
    }
  }
  return (
    <section className={classes.files} aria-label={say('title')}>
      <header>
        <IconPaperclip size={16} aria-hidden /> {say('count', { count: parts.length, size: format.bytes(total) })}
        {parts.length > 1 && (
          <Button size="compact-xs" variant="subtle" loading={busy} disabled={total > ZIP_MAX} onClick={() => void all()}>
            {say('saveAll')}
          </Button>
        )}
      </header>
      <ul>
        {parts.map((part, i) => {
          const canLook = part.size <= LOOK_MAX && (isPicture(part.type) || PDF.test(part.type) || TEXTS.test(part.type))
          return (
            <li key={i} className={classes.file}>
              {isPicture(part.type) ? <IconPhoto size={20} aria-hidden /> : <IconFile size={20} aria-hidden />}
              <span className={classes.name}>
                <Foreign title={shownName(part)}>{shownName(part)}</Foreign>
                <small>{format.bytes(part.size)}</small>
              </span>
              {canLook && (
                <ActionIcon variant="subtle" color="gray" onClick={() => setLook(part)} aria-label={say('look', { name: shownName(part) })} title={say('look', { name: shownName(part) })}>
                  <IconEye size={17} />
                </ActionIcon>
              )}
              <ActionIcon variant="subtle" color="gray" onClick={() => one(part)} aria-label={say('save', { name: shownName(part) })} title={say('save', { name: shownName(part) })}>
                <IconDownload size={17} />
              </ActionIcon>
            </li>
          )
        })}
      </ul>
      {look && <Look jmap={jmap} accountId={accountId} part={look} onClose={() => setLook(null)} />}
    </section>
  )
}
