// What the page itself says, in the reader's language.

const WORDS = {
  en: {
    here: "awake under the moon",
    connecting: "connecting…",
    lost: "Connection lost. Trying again…",
    typing: "composing…",
    write: "Write a message",
    send: "Send",
    newest: "Newest ↓",
    invitation: "Name a character and read the poem that grows from it.",
    notSent: "Not sent: the server cannot be reached.",
    refused: "Not sent",
    commands: "Commands",
    conversation: "Conversation",
    close: "Close",
    you: "You",
  },
  "zh-Hant": {
    here: "月下相候",
    connecting: "連線中…",
    lost: "連線中斷，正在重試…",
    typing: "吟哦中…",
    write: "寫點什麼",
    send: "送出",
    newest: "最新 ↓",
    invitation: "說一個字，便得一首詩。",
    notSent: "沒有送出：連不上伺服器。",
    refused: "沒有送出",
    commands: "指令",
    conversation: "對話",
    close: "關閉",
    you: "你",
  },
  "zh-Hans": {
    here: "月下相候",
    connecting: "连接中…",
    lost: "连接中断，正在重试…",
    typing: "吟哦中…",
    write: "写点什么",
    send: "发送",
    newest: "最新 ↓",
    invitation: "说一个字，便得一首诗。",
    notSent: "没有发送：连不上服务器。",
    refused: "没有发送",
    commands: "命令",
    conversation: "对话",
    close: "关闭",
    you: "你",
  },
};

function chosen(tag) {
  const lower = tag.toLowerCase();
  if (!lower.startsWith("zh")) return "en";
  return /hant|tw|hk|mo/.test(lower) ? "zh-Hant" : "zh-Hans";
}

export const language = chosen(navigator.language);
export const words = WORDS[language];
