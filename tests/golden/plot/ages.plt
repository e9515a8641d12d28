reset
set encoding utf8
set terminal pngcairo noenhanced size 300,300 font 'Sans,10' background rgb 'white'
set output 'chart.png'
set multiplot
unset key
unset colorbox
set border 3 lc rgb '#808080'
set tics nomirror out scale 0.5 font ',9' tc rgb '#333333'
set grid xtics ytics front lt 1 lw 0.5 lc rgb '#b0808080'
set lmargin at screen 0.26667
set rmargin at screen 0.92000
set tmargin at screen 0.74667
set bmargin at screen 0.68000
set label "life of 3…f less than 134 ms" at screen 0.26667,0.77667 left font ':Bold,9'
set label "ages.pmt: li…imes and ages of blocks" at screen 0.26667,0.94000 left font ':Bold,13'
set label "pid 41: pyth…ode alloc\073 nothing lost" at screen 0.26667,0.87000 left font ',9' tc rgb '#555555'
set label "each bar: fr…st: all that is shorter" at screen 0.26667,0.04000 left font ',8' tc rgb '#555555'
unset logscale x
set xrange [16777216:17179869184]
set logscale x
set xtics ('100 ms' 100000000, '1 s' 1000000000, '10 s' 10000000000)
set format x '%g'
set xlabel "time from made to given back" offset 0,0.3
set ylabel "blocks" font ',9'
set yrange [0:130.2]
set ytics 100
plot 'chart.dat' index 0 using (($1+$2)/2):($3/2):1:2:(0):3 with boxxyerror fs solid noborder lc rgb '#332288'
unset arrow
unset label
unset object
set lmargin at screen 0.26667
set rmargin at screen 0.92000
set tmargin at screen 0.45333
set bmargin at screen 0.38667
set label "age of wh… lives: 154 blocks" at screen 0.26667,0.48333 left font ':Bold,9'
unset logscale x
set xrange [16777216:17179869184]
set logscale x
set xtics ('100 ms' 100000000, '1 s' 1000000000, '10 s' 10000000000)
set format x '%g'
set xlabel "time since it was made" offset 0,0.3
set ylabel "blocks" font ',9'
set yrange [0:56.7]
set ytics 50
plot 'chart.dat' index 1 using (($1+$2)/2):($3/2):1:2:(0):3 with boxxyerror fs solid noborder lc rgb '#44aa99'
unset arrow
unset label
unset object
set lmargin at screen 0.26667
set rmargin at screen 0.92000
set tmargin at screen 0.16000
set bmargin at screen 0.09333
set label "age of what lives: 1.09 MiB" at screen 0.26667,0.19000 left font ':Bold,9'
unset logscale x
set xrange [16777216:17179869184]
set logscale x
set xtics ('100 ms' 100000000, '1 s' 1000000000, '10 s' 10000000000)
set format x '%g'
set xlabel "time since it was made" offset 0,0.3
set ylabel "KiB" font ',9'
set yrange [0:428.1006]
set ytics 200
plot 'chart.dat' index 2 using (($1+$2)/2):($3/2):1:2:(0):3 with boxxyerror fs solid noborder lc rgb '#44aa99'
unset arrow
unset label
unset object
unset multiplot
