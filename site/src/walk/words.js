// What widgets say, in both languages. A language is chosen by the page's `lang`.

const en = {
  sideways: 'scroll sideways →', account: 'The compiler’s account of the blocks', proof: 'What is certified',
  input: 'Input', word: 'A word from the letters h, e, l, o (at most 6)', numbers: 'Different numbers from 0 to 4, at most 5, as [3, 1, 4, 2]',
  empty: 'type at least one token', unfit: { empty: () => en.empty }, position: 'position', transformer: 'transformer', interpreter: 'interpreter',
  compiling: 'The compiler is starting…', failed: 'The compiler could not be started in this browser: ', none: 'Nothing of this kind in this program.',
  residual: 'The residual stream', after: (name) => `after the ${name}`, stage: 'Stage',
  half: (s) => (s === 0 ? 'embedding' : `layer ${Math.floor((s - 1) / 2)} ${s % 2 === 1 ? 'attention' : 'MLP'}`),
  constants: 'constants', query: 'Query of position', queries: 'Queries: row × W_Q', keys: 'Keys: row × W_K', scores: 'Scores: query · key', pattern: 'Pattern: softmax of each row',
  queryOf: (n, t) => `Position ${n} (${t}) gives its weight to: `,
  offers: 'What each position offers (value × W_O)', arrives: 'What arrives at each position', keyDown: 'key', queryDown: 'query',
  codes: 'The number of each letter', asLetter: 'as the letter here', asPrevious: 'as the letter before', sum: 'sum', unit: (i) => `neuron ${i}`, unitIs: (i, text) => `neuron ${i} = ${text}`, result: 'written',
  units: 'Neurons at each position, after ReLU', tent: (a) => `The three neurons together, as a function of the sum: 1 at ${a}, 0 at every other sum that occurs`,
  normOf: 'Position', plainRow: 'as it is', normRow: 'after layer norm', norm: 'One row of the stream, and what a layer norm would make of it', changed: (n) => `Layer norm changed ${n} numbers of this row: zeros too, since it subtracts the row’s mean.`,
  selKeys: 'Keys', selQueries: 'Queries', comparison: 'Comparison', values: 'Values', keyShort: 'key', queryShort: 'query',
  matrixOf: (k, op, q) => `select([${k}], [${q}], ${op}): keys across, queries down`, toggle: (q, k) => `query ${q}, key ${k}`,
  width: 'width', result1: 'aggregate', nothing: 'nothing: the default', meanOf: (list, n) => `(${list.join(' + ')}) / ${n}`, noMean: 'no mean: these are not numbers',
  presets: 'Try', presetPaper: 'indices < [1,0,2]', presetCopy: 'one place back', presetMean: 'the mean of all', presetNone: 'looks for what is not there', sameLength: (n) => `one for each of the ${n} positions, please`, atMost: (n) => `at most ${n}, please`,
  sop: 's-op', can: 'can hold', encoding: 'held as', onehot: (n) => `one-hot, ${n} directions`, numberDir: 'number, 1 direction', through: 'not by itself: in those that read it', how: 'made by',
  smallerOnes: 'tokens at the selected keys', bosWeight: 'weight of BOS', widthCaption: 'Counting by the weight that BOS keeps', decoded: 'decoded',
  rampsCaption: (name, of) => `Each line is one direction of ${name}, as a function of 1 + 1/(1+w), where w is ${of}`, rampPoint: (x, v) => `at ${x} only the direction for ${v} is 1`,
  headLabel: 'Head', head: (l, i) => `layer ${l} head ${i}`, qk: 'W_QK: the score of a query direction (down) with a key direction (across)', ov: 'W_OV: what a key’s direction (down) writes (across)', bosScore: (s) => `BOS scores ${s}.`, tooLarge: 'Too large to show here: open it in the playground.',
  sizes: (c, p, n) => `${c.n_layers === 0 ? 'no layers' : `${c.n_layers} ${c.n_layers === 1 ? 'layer' : 'layers'}, ${c.n_heads} ${c.n_heads === 1 ? 'head' : 'heads'}${c.n_layers === 1 ? '' : ' in each'}`}, d_model ${c.d_model}, d_head ${c.d_head}, d_mlp ${c.d_mlp}: ${p.toLocaleString('en')} parameters, ${n.toLocaleString('en')} of them not zero`,
  program: 'Program', ownInput: 'Input', fine: 'Compiled.', wrong: 'The compiler says:', at: (line, column) => `line ${line}, column ${column}`, texts: { input: 'input' }, colon: ': ', help: 'Help: ', kinds: { error: 'Error', warning: 'Warning' }, verify: 'Check every input', verified: (v) => `${v.mismatches > 0 ? '✗' : v.roughly > 0 ? '≈' : '✓'} ${v.checked.toLocaleString('en')} ${v.exhaustive ? 'inputs, all there are' : 'inputs'}: ${v.mismatches === 0 ? 'interpreter and transformer agree at every position' : `${v.mismatches} disagree`}`,
  working: (step, s) => `Compiling${step ? `: ${step}` : ''}, ${s} s`, cancel: 'Cancel', cancelled: 'Cancelled: below is the program before. Change something to go on.',
  open: 'Open in the playground', picture: { flow: 'The program on this input', graph: 'The computational graph', layers: 'The layers', residual: 'The residual stream', weights: 'The weights', attention: 'The attention patterns' },
  slopeLength: 'Longest input', slopeCount: 'tokens', slopeArrives: 'arrives, 1/(1+w)', slopeFixed: 'slope 100', slopeOurs: 'raspc', slopeCaption: (n) => `length, compiled for inputs of up to ${n} tokens`, slopeFine: (n) => `Up to ${n} tokens both read every length right.`, comma: ', ', slopeMore: ', and so on', slopeWrong: (list) => `Slope 100 reads ${list}. The slopes that raspc chose from the gaps read every length right.`,
  slopeOne: (w, g) => `${w} tokens as ${g}`, slopeLegend: ['slope 100', 'raspc'], slopeText: (lo, hi, a, b, c, d) => `The step has to be 0 at 1/${hi + 1} (${hi} tokens) and 1 at 1/${lo + 1} (${lo} tokens). With slope 100 it is ${a} and ${b}, with raspc’s slope ${c} and ${d}.`,
};

// The compiler's steps, as it names them itself.
const STEPS = { 'the graph': '计算图', 'value sets': '取值', encodings: '编码', blocks: '各个块', layers: '各层', 'the residual stream': '残差流', weights: '权重', 'the certificate': '误差上界的证明' };

const zh = {
  sideways: '左右滑动可看全 →', account: '编译器对各块的说明', proof: '已证明的误差上界',
  input: '输入', word: '由字母 h、e、l、o 组成的单词（最多 6 个字母）', numbers: '0 到 4 之间互不相同的数，最多 5 个，写作 [3, 1, 4, 2]',
  empty: '请至少输入一个 token', unfit: { empty: () => zh.empty, json: (e) => `这不是 JSON 数组：请写成 ${e}`, unknown: (t, e) => `词表里没有 ${t}${e ? `：请写成 ${e}` : ''}`, long: (n, most) => `有 ${n} 个 token，最多只能有 ${most} 个` },
  position: '位置', transformer: 'Transformer', interpreter: '解释器',
  compiling: '编译器正在启动……', failed: '编译器无法在这个浏览器里启动：', none: '这个程序里没有这一类东西。',
  residual: '残差流', after: (name) => `${name}${/\w$/.test(name) ? ' ' : ''}之后`, stage: '阶段',
  half: (s) => (s === 0 ? '嵌入' : `第 ${Math.floor((s - 1) / 2)} 层${s % 2 === 1 ? '注意力' : ' MLP'}`),
  constants: '常量', query: '查询位置', queries: '查询 Q：行 × W_Q', keys: '键 K：行 × W_K', scores: '分数：查询 · 键', pattern: '注意力矩阵：每行取 softmax',
  queryOf: (n, t) => `位置 ${n}（${t}）把权重给了：`,
  offers: '每个位置提供的内容（值 × W_O）', arrives: '每个位置收到的内容', keyDown: '键', queryDown: '查询',
  codes: '每个字母对应的数', asLetter: '作为本位置的字母', asPrevious: '作为前一个字母', sum: '和', unit: (i) => `神经元 ${i}`, unitIs: (i, text) => `神经元 ${i} = ${text}`, result: '写入',
  units: '各位置上神经元的输出（ReLU 之后）', tent: (a) => `三个神经元合起来，随“和”而变：和为 ${a} 时输出 1，为其他可能出现的值时输出 0`,
  normOf: '位置', plainRow: '原样', normRow: '层归一化之后', norm: '残差流的一行，以及层归一化会把它变成什么', changed: (n) => `层归一化改动了这一行里的 ${n} 个数：连 0 也变了，因为它要减去整行的均值。`,
  selKeys: '键', selQueries: '查询', comparison: '比较', values: '值', keyShort: '键', queryShort: '查询',
  matrixOf: (k, op, q) => `select([${k}], [${q}], ${op})：横向是键，纵向是查询`, toggle: (q, k) => `查询 ${q}，键 ${k}`,
  width: '宽度', result1: 'aggregate', nothing: '什么也没选中：取默认值', meanOf: (list, n) => `(${list.join(' + ')}) / ${n}`, noMean: '没有平均值：它们不是数',
  presets: '试一试', presetPaper: 'indices < [1,0,2]', presetCopy: '看前一位', presetMean: '全体平均', presetNone: '找一个不存在的东西', sameLength: (n) => `请给 ${n} 个位置各写一个`, atMost: (n) => `最多写 ${n} 个`,
  sop: 's-op', can: '可能的取值', encoding: '编码', onehot: (n) => `one-hot，${n} 个方向`, numberDir: '数值，1 个方向', through: '不单独存放：并入读它的 s-op', how: '来源',
  smallerOnes: '选中的键（其 token）', bosWeight: 'BOS 的权重', widthCaption: '借助 BOS 留下的权重来计数', decoded: '读出',
  rampsCaption: (name, of) => `每条线是 ${name} 的一个方向，横轴是 1 + 1/(1+w)，w 即 ${of}`, rampPoint: (x, v) => `在 ${x} 处只有取值 ${v} 的方向为 1`,
  headLabel: '注意力头', head: (l, i) => `第 ${l} 层的头 ${i}`, qk: 'W_QK：查询方向（纵）与键方向（横）之间的分数', ov: 'W_OV：键的方向（纵）会写入什么（横）', bosScore: (s) => `BOS 的分数是 ${s}。`, tooLarge: '太大，这里放不下：请在演练场里打开。',
  sizes: (c, p, n) => `${c.n_layers === 0 ? '没有层' : `${c.n_layers} 层，每层 ${c.n_heads} 个头`}，d_model ${c.d_model}，d_head ${c.d_head}，d_mlp ${c.d_mlp}：共 ${p.toLocaleString('en')} 个参数，其中 ${n.toLocaleString('en')} 个不为零`,
  program: '程序', ownInput: '输入', fine: '编译成功。', wrong: '编译器发现了问题（说明文字是英文的）：', at: (line, column) => `第 ${line} 行第 ${column} 列`, texts: { input: '输入' }, colon: '：', help: '建议：', kinds: { error: '错误', warning: '警告', E01: '语法错误', E02: '名称错误', E03: '类型错误', E04: '求值错误', E05: '超出限制', E06: '加载错误', E07: '格式错误', E08: '无法编译', E09: '输入有误' }, verify: '检查所有输入', verified: (v) => `${v.mismatches > 0 ? '✗' : v.roughly > 0 ? '≈' : '✓'} ${v.exhaustive ? '全部' : ''} ${v.checked.toLocaleString('en')} 个输入：${v.mismatches === 0 ? '解释器与 Transformer 在每个位置上都一致' : `${v.mismatches} 个不一致`}`,
  working: (step, s) => `正在编译${step ? `：${STEPS[step] ?? step}` : ''}，已用 ${s} 秒`, cancel: '取消', cancelled: '已取消：下面仍是之前的程序。改动一下即可继续。',
  open: '在演练场中打开', picture: { flow: '程序在这个输入上的运行', graph: '计算图', layers: '各层', residual: '残差流', weights: '权重', attention: '注意力矩阵' },
  slopeLength: '最长输入', slopeCount: 'token 数', slopeArrives: '收到的 1/(1+w)', slopeFixed: '斜率 100', slopeOurs: 'raspc', slopeCaption: (n) => `length，按最长 ${n} 个 token 编译`, slopeFine: (n) => `最长不超过 ${n} 个 token 时，两种做法都能读对所有长度。`, comma: '，', slopeMore: '，等等', slopeWrong: (list) => `斜率 100 读错了：${list}。raspc 根据间隔选出的斜率全部读对。`,
  slopeOne: (w, g) => `${w} 个 token 读成 ${g}`, slopeLegend: ['斜率 100', 'raspc'], slopeText: (lo, hi, a, b, c, d) => `这级台阶在 1/${hi + 1}（${hi} 个 token）处应为 0，在 1/${lo + 1}（${lo} 个 token）处应为 1。斜率 100 时得到 ${a} 和 ${b}，raspc 的斜率得到 ${c} 和 ${d}。`,
};

export function wordsOf(lang) {
  return lang.startsWith('zh') ? zh : en;
}
