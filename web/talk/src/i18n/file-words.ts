/* The words of what shows files and what sends them. They come with the views that need them, after the first sight. */
import { formatOf, type Locale, type Shape } from '@encke/ui/plain';

const { number, plural } = formatOf('en');

const en = {
  files: {
    picture: (name: string) => `Picture: ${name}`,
    video: (name: string) => `Video: ${name}`,
    sound: (name: string) => `Sound: ${name}`,
    voice: 'Voice message',
    voiceOf: (length: string) => `Voice message, ${length}`,
    download: 'Download',
    broken: 'This picture can’t be shown.',
    notPlayed: 'This can’t be played here. It may be gone; else download it.',
    lightbox: 'Pictures',
    before: 'Previous picture',
    after: 'Next picture',
    place: (at: number, of: number) => `${number(at)} of ${number(of)}`,
  },
  attach: {
    tray: 'Files to be sent',
    drop: 'Drop files to attach them',
    remove: (name: string) => `Remove ${name}`,
    waiting: 'Waiting',
    going: (sent: string, all: string) => `${sent} of ${all}`,
    stopped: 'The upload broke off. It goes on where it stopped.',
    again: 'Try again',
    ready: 'Uploaded',
    progress: (name: string) => `Upload of ${name}`,
    tooLarge: 'This file is larger than the site allows.',
    empty: 'This file is empty, or it is a folder.',
    unreadable: 'This file can’t be read any more. It was moved or changed.',
    posts: 'Sent when the files are uploaded',
    post: (count: number) =>
      plural(count, {
        one: 'Sends when 1 file is uploaded',
        other: `Sends when ${number(count)} files are uploaded`,
      }),
    discard: 'Don’t send',
  },
  voice: {
    asking: 'Waiting for the microphone…',
    recording: 'Recording',
    stop: 'Stop, and listen first',
    discard: 'Discard the recording',
    listen: 'The recording',
    send: 'Send the voice message',
    trouble: {
      refused:
        'The browser does not let this site use the microphone. Allow it beside the address, then try again.',
      missing: 'There is no microphone.',
      insecure: 'Browsers give the microphone only to sites on HTTPS.',
      failed: 'The microphone can’t be used. Another program may hold it.',
    },
  },
};

type FileWords = Shape<typeof en>;

const zhNumber = formatOf('zh-CN').number;

const zhCN: FileWords = {
  files: {
    picture: (name) => `图片：${name}`,
    video: (name) => `视频：${name}`,
    sound: (name) => `音频：${name}`,
    voice: '语音消息',
    voiceOf: (length) => `语音消息，${length}`,
    download: '下载',
    broken: '图片无法显示。',
    notPlayed: '无法在此播放。文件可能已不存在，也可以下载后打开。',
    lightbox: '图片',
    before: '上一张',
    after: '下一张',
    place: (at, of) => `第 ${zhNumber(at)} 张，共 ${zhNumber(of)} 张`,
  },
  attach: {
    tray: '待发送的文件',
    drop: '松开鼠标即可添加文件',
    remove: (name) => `移除 ${name}`,
    waiting: '等待上传',
    going: (sent, all) => `${sent} / ${all}`,
    stopped: '上传中断，将从断点继续。',
    again: '重试',
    ready: '已上传',
    progress: (name) => `${name} 的上传进度`,
    tooLarge: '文件超过了本站允许的大小。',
    empty: '这是空文件或文件夹。',
    unreadable: '文件已被移动或修改，无法读取。',
    posts: '上传完成后发送',
    post: (count) => `${zhNumber(count)} 个文件上传完成后自动发送`,
    discard: '不发送',
  },
  voice: {
    asking: '正在等待麦克风…',
    recording: '正在录音',
    stop: '停止并试听',
    discard: '放弃录音',
    listen: '录音',
    send: '发送语音消息',
    trouble: {
      refused: '浏览器不允许本站使用麦克风。请在地址栏旁允许后重试。',
      missing: '没有找到麦克风。',
      insecure: '只有通过 HTTPS 访问时，浏览器才允许使用麦克风。',
      failed: '麦克风无法使用，可能正被其他程序占用。',
    },
  },
};

export const fileWords: Readonly<Record<Locale, FileWords>> = { en, 'zh-CN': zhCN };
